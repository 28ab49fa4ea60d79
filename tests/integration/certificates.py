"""Authorities and their certificates, made by openssl as the tests need them."""

import subprocess
import time


class Certificate:
    """A certificate and its key, as PEM files; with `authority`, signed by that one."""

    def __init__(self, folder, name, subject=None, names="DNS:localhost,IP:127.0.0.1", usage="serverAuth",
                 authority=None, days=30, is_authority=False):
        self.folder, self.name = folder, name
        self.file, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        self.subject = subject or f"/CN={name}"
        extensions = ["basicConstraints=critical,CA:true"] if is_authority else []
        extensions += [f"subjectAltName={names}"] if names and not is_authority else []
        extensions += [f"extendedKeyUsage={usage}"] if usage and not is_authority else []
        self.extensions = folder / f"{name}.ext"
        self.extensions.write_text("\n".join(extensions) + "\n")
        self.request = folder / f"{name}.csr"
        self.run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                 "-out", self.request, "-subj", self.subject)
        signed_by = ["-CA", authority.file, "-CAkey", authority.key, "-CAcreateserial"] if authority else [
            "-signkey", self.key]
        self.run("x509", "-req", "-in", self.request, "-extfile", self.extensions, "-days", str(days), "-out",
                 self.file, *signed_by)

    @staticmethod
    def run(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    def end_in(self, seconds, authority):
        """Signed again, to end in so many seconds: only `openssl ca` tells times to the second."""
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
