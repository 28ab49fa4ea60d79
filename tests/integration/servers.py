"""Real servers. The tests start them in separate directories and stop them."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from pathlib import Path

START_SECONDS = 30


def wait_for_port(address, port, seconds=START_SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
            return
    raise AssertionError(f"nothing listens on {address}:{port} after {seconds} s")


def find(program):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    assert found, f"{program} is missing: deploy/packages/install demo test"
    return found


def make_certificate(folder, name, extra=()):
    """A self-signed certificate for a name. Returns (certificate, key)."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90",
         "-keyout", key, "-out", certificate, "-subj", f"/O=Sonde tests/CN={name}",
         "-addext", f"subjectAltName=DNS:{name},DNS:*.{name},IP:127.10.0.1", *extra],
        check=True, capture_output=True,
    )
    return certificate, key


class Server:
    """A program that runs in the foreground until it is stopped. Its log is shown if it does not
    start."""

    def __init__(self, folder, address):
        self.folder = folder
        self.address = address
        self.process = None

    def run(self, *command, port):
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            wait_for_port(self.address, port)
        except AssertionError as error:
            logs = [path.read_text() for path in sorted(self.folder.glob("*log")) if path.is_file()]
            raise AssertionError("\n".join([str(error), *logs])) from None

    def __enter__(self):
        self.folder.mkdir(parents=True)
        self.start()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nginx(Server):
    def __init__(self, folder, address, name):
        super().__init__(folder, address)
        self.name = name

    def start(self):
        self.certificate, key = make_certificate(self.folder, self.name)
        config = self.folder / "nginx.conf"
        config.write_text(f"""
            daemon off; worker_processes 1; pid {self.folder}/pid; user root;
            error_log {self.folder}/error.log;
            events {{ worker_connections 256; }}
            http {{
              access_log off; client_body_temp_path {self.folder}/body;
              proxy_temp_path {self.folder}/proxy; fastcgi_temp_path {self.folder}/fastcgi;
              uwsgi_temp_path {self.folder}/uwsgi; scgi_temp_path {self.folder}/scgi;
              server {{
                listen {self.address}:80; listen {self.address}:443 ssl;
                server_name {self.name};
                ssl_certificate {self.certificate}; ssl_certificate_key {key};
                location / {{ return 200 "hello\\n"; }}
              }}
            }}
        """)
        self.run(find("nginx"), "-c", config, "-p", self.folder, port=443)

    def fingerprint(self):
        """SHA-256 of the certificate as `openssl x509 -fingerprint` prints it, without colons."""
        printed = subprocess.run(
            ["openssl", "x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256"],
            check=True, capture_output=True, text=True).stdout
        return printed.split("=")[1].strip().replace(":", "").lower()


class OpenSsh(Server):
    def start(self):
        key = self.folder / "host_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        os.makedirs("/run/sshd", exist_ok=True)
        self.run(find("sshd"), "-D", "-e", "-f", "/dev/null", "-p", "22",
                 "-o", f"ListenAddress={self.address}", "-o", f"HostKey={key}",
                 "-o", f"PidFile={self.folder}/pid", "-o", "UsePAM=no",
                 "-o", "MaxStartups=100:1:200", port=22)


class Redis(Server):
    def start(self):
        self.run(find("redis-server"), "--bind", self.address, "--port", "6379", "--dir", self.folder,
                 "--save", "", "--daemonize", "no", "--protected-mode", "no", port=6379)


class Postfix(Server):
    """Postfix's master in the foreground, with a separate configuration and queue."""

    def __init__(self, address):
        # Not below pytest's directory: Postfix's user needs access, and every pytest run that
        # starts closes the common directory to others.
        folder = tempfile.mkdtemp(prefix="sonde-postfix-")
        os.chmod(folder, 0o755)
        super().__init__(Path(folder) / "postfix", address)

    def start(self):
        config = self.folder / "etc"
        config.mkdir()
        queue, data = self.folder / "queue", self.folder / "data"
        queue.mkdir()
        data.mkdir()
        shutil.chown(data, "postfix", "postfix")
        (config / "main.cf").write_text(f"""
            compatibility_level = 3.6
            queue_directory = {queue}
            data_directory = {data}
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            shlib_directory = /usr/lib/postfix
            mail_owner = postfix
            setgid_group = postdrop
            myhostname = mail.sonde.test
            mydestination =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            maillog_file = {self.folder}/mail.log
            maillog_file_prefixes = {self.folder}
            smtpd_banner = $myhostname ESMTP $mail_name
            alias_maps =
        """.replace("\n            ", "\n"))
        (config / "master.cf").write_text(f"{self.address}:25" + """
          inet  n       -       n       -       -       smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
""")
        subprocess.run([find("postfix"), "-c", config, "check"], check=True, capture_output=True)
        self.config = config
        self.run(find("postfix"), "-c", config, "start-fg", port=25)

    def __exit__(self, *_):
        subprocess.run([find("postfix"), "-c", self.config, "stop"], capture_output=True)
        self.process.wait(30)
        shutil.rmtree(self.folder.parent)


class Dnsmasq(Server):
    """The name server of the tests, for the zone sonde.test. It forwards names below
    dead.sonde.test to a server that never answers."""

    def __init__(self, folder):
        super().__init__(folder, "127.53.0.1")

    def start(self):
        self.silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.silent.bind(("127.53.0.2", 53))
        self.run(find("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                 "--no-hosts", f"--listen-address={self.address}", "--bind-interfaces", "--port=53",
                 "--user=" + pwd.getpwuid(os.getuid()).pw_name, f"--pid-file={self.folder}/pid",
                 "--server=/dead.sonde.test/127.53.0.2", "--local=/sonde.test/",
                 "--host-record=web.sonde.test,127.10.0.1",
                 "--host-record=two.sonde.test,127.10.0.1,::1",
                 *(f"--host-record=lossy.sonde.test,127.61.0.{i}" for i in range(1, 9)),
                 "--host-record=outside.sonde.test,10.1.2.3",
                 "--host-record=mixed.sonde.test,127.10.0.1",
                 "--host-record=mixed.sonde.test,10.1.2.3",
                 "--txt-record=empty.sonde.test,nothing else", port=53)

    def __exit__(self, *rest):
        super().__exit__(*rest)
        self.silent.close()


class TcpService:
    """A TCP server whose conversation is a function of the socket. Each conversation runs in a
    separate thread."""

    def __init__(self, address, port, talk):
        self.threads = []

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    talk(self.request)

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 1024

        self.server = Listener((address, port), Handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
