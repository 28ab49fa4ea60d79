"""Certificate authorities and their certificates, made by openssl as the tests need them, and a
daemon that uses one."""

import signal
import subprocess
import time


class Certificate:
    """A certificate and its key, as PEM files. With `authority`, that one signs it."""

    def __init__(self, folder, name, subject=None, names="DNS:localhost,IP:127.0.0.1", usage="serverAuth",
                 authority=None, days=30, is_authority=False, kind="ec"):
        self.folder, self.name = folder, name
        self.file, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        self.subject = subject or f"/CN={name}"
        extensions = ["basicConstraints=critical,CA:true"] if is_authority else []
        extensions += [f"subjectAltName={names}"] if names and not is_authority else []
        extensions += [f"extendedKeyUsage={usage}"] if usage and not is_authority else []
        self.extensions = folder / f"{name}.ext"
        self.extensions.write_text("\n".join(extensions) + "\n")
        self.request = folder / f"{name}.csr"
        new_key = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}[kind]
        self.run("req", "-new", "-newkey", *new_key, "-nodes", "-keyout", self.key, "-out",
                 self.request, "-subj", self.subject)
        signed_by = ["-CA", authority.file, "-CAkey", authority.key, "-CAcreateserial"] if authority else [
            "-signkey", self.key]
        self.run("x509", "-req", "-in", self.request, "-extfile", self.extensions, "-days", str(days), "-out",
                 self.file, *signed_by)

    @staticmethod
    def run(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    def end_in(self, seconds, authority):
        """Signs it again with an end in this number of seconds: only `openssl ca` accepts times to
        the second."""
        database = self.folder / f"{self.name}.db"
        database.write_text("")
        config = self.folder / f"{self.name}.cnf"
        config.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={database}\nnew_certs_dir={self.folder}\n"
                          "rand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\n"
                          "[any]\ncommonName=supplied\n")
        stamp = "%Y%m%d%H%M%SZ"
        begin, end = (time.strftime(stamp, time.gmtime(time.time() + each)) for each in (-60, seconds))
        self.run("ca", "-batch", "-notext", "-config", config, "-cert", authority.file, "-keyfile", authority.key,
                 "-in", self.request, "-extfile", self.extensions, "-startdate", begin, "-enddate", end, "-out",
                 self.file)


class World:
    """Two authorities, a server's certificate, and clients' certificates of every kind."""

    def __init__(self, folder):
        self.folder = folder
        self.gateways = Certificate(folder, "gateways", is_authority=True)
        self.servers = Certificate(folder, "servers", is_authority=True)
        self.server = Certificate(folder, "server", authority=self.servers)

    def client(self, name, **how):
        how = {"names": "DNS:front.example", "usage": "clientAuth", "authority": self.gateways, **how}
        return Certificate(self.folder, name, **how)


def settings(world, **more):
    return {"tls_certificate": str(world.server.file), "tls_key": str(world.server.key), **more}


def wait_for_log(server, text, count=1, seconds=20):
    deadline = time.monotonic() + seconds
    while server.log().count(text) < count:
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.02)  # pause: between two reads of the log


def reload(server, says="configuration reloaded"):
    count = server.log().count(says)
    server.process.send_signal(signal.SIGHUP)
    wait_for_log(server, says, count + 1)
