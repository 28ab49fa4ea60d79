"""A TLS server on many ports that presents fifteen large certificates to each client, never the
same twice.

It implements only the part of TLS 1.2 that presents a chain (RFC 5246, section 7.4): it sends a
ServerHello and a Certificate message and closes the connection. The certificates are copies of one
made by openssl, with other bytes in its serial number and names. No client verifies their
signatures.
"""

import itertools
import selectors
import socket
import subprocess
import threading

CERTIFICATES = 15
NAMES = 1_000
MARK = b"mark00000000"


def make_template(folder):
    """A self-signed certificate of some 60 KiB, in DER."""
    names = "\n".join(f"DNS.{i} = {MARK.decode()}.{'n' * 28}{i:04}.hostile.test" for i in range(NAMES))
    config = folder / "large.cnf"
    config.write_text(
        "[req]\ndistinguished_name=name\nx509_extensions=ext\nprompt=no\n"
        f"[name]\nO=\"quotes \\\" and more\"\nCN={MARK.decode()}.hostile.test\n"
        f"[ext]\nsubjectAltName=@names\n[names]\n{names}\n")
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-outform", "DER",
         "-keyout", folder / "large.key", "-config", config],
        check=True, capture_output=True)
    assert 50_000 < len(made.stdout) < 65_536, len(made.stdout)
    return made.stdout


def length(size):
    return size.to_bytes(3, "big")


def records(message):
    for begin in range(0, len(message), 16_000):
        part = message[begin:begin + 16_000]
        yield b"\x16\x03\x03" + len(part).to_bytes(2, "big") + part


def flight(template, number):
    """ServerHello and Certificate, with certificates that are unique to this number."""
    hello = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x9c" + b"\x00"
    out = b"\x02" + length(len(hello)) + hello
    chain = b""
    for i in range(CERTIFICATES):
        der = template.replace(MARK, b"m%06dx%04d" % (number, i))
        chain += length(len(der)) + der
    body = length(len(chain)) + chain
    return b"".join(records(out + b"\x0b" + length(len(body)) + body))


class LargeChains:
    """Stays silent until it receives a ClientHello. Then it sends its certificates and closes the
    connection."""

    def __init__(self, address, ports, template):
        self.template = template
        self.numbers = itertools.count()
        self.shown = 0
        self.listeners = selectors.DefaultSelector()
        for port in ports:
            listener = socket.create_server((address, port), backlog=16)
            listener.setblocking(False)
            self.listeners.register(listener, selectors.EVENT_READ)
        self.ended = False

    def serve(self):
        while not self.ended:
            for key, _ in self.listeners.select(timeout=0.2):
                client, _ = key.fileobj.accept()
                threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client):
        with client:
            try:
                client.settimeout(20)
                if client.recv(4096)[:1] == b"\x16":
                    client.sendall(flight(self.template, next(self.numbers)))
                    self.shown += 1
                    client.shutdown(socket.SHUT_WR)
                    client.recv(4096)
            except OSError:
                return  # the scanner closes with RST

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join(5)
        for key in list(self.listeners.get_map().values()):
            key.fileobj.close()
