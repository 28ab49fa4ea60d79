"""Reverse proxies in front of a server, in their default installation."""

import subprocess

import servers


class NginxProxy(servers.Server):
    """Forwards every request over kept connections or, as by default, over a new connection
    each."""

    def __init__(self, folder, address, port, backend, keep):
        super().__init__(folder, address)
        self.port = port
        self.backend = backend
        self.keep = keep

    def start(self):
        host, port = self.backend
        lines = 'proxy_http_version 1.1; proxy_set_header Connection "";' if self.keep else ""
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/log;
            events {{ worker_connections 256; }}
            http {{
              access_log off; client_max_body_size 0; large_client_header_buffers 8 8k;
              client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
              fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
              upstream sonde {{ server {host}:{port}; {"keepalive 8;" if self.keep else ""} }}
              server {{
                listen {self.address}:{self.port};
                location / {{ proxy_pass http://sonde; proxy_set_header Host localhost; {lines} }}
              }}
            }}""")
        self.run(servers.find("nginx"), "-p", self.folder, "-c", self.folder / "nginx.conf", port=self.port)


class Varnish(servers.Server):
    """A cache with only its built-in rules."""

    def __init__(self, folder, address, port, backend):
        super().__init__(folder, address)
        self.port = port
        self.backend = backend

    def start(self):
        host, port = self.backend
        self.run(servers.find("varnishd"), "-F", "-j", "none", "-n", self.folder / "work", "-s", "malloc,16m",
                 "-a", f"{self.address}:{self.port}", "-b", f"{host}:{port}", port=self.port)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
