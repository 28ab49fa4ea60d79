"""Webhook receivers: real HTTP servers that record requests and answer as configured."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import socket
import socketserver
import ssl
import struct
import threading
import time


class Message:
    def __init__(self, handler, body):
        self.method = handler.command
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = body
        self.at = time.time()

    @property
    def id(self):
        return self.headers["webhook-id"]

    def event(self):
        return json.loads(self.body)

    def is_signed_by(self, *secrets):
        """Standard Webhooks 1.0, implemented from its text: id, timestamp and body under each
        secret."""
        content = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = set()
        for secret in secrets:
            key = base64.b64decode(secret.removeprefix("whsec_"))
            wanted.add("v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode())
        return set(self.headers["webhook-signature"].split(" ")) == wanted


class Receiver:
    """`answers`: one for each message; the last one applies to all that follow. An answer is a
    status, or a function that gets the handler and writes the response itself. `ciphers`: those of
    TLS 1.2, which is then the newest version."""

    def __init__(self, *answers, address="127.50.0.1", port=0, certificate=None, ciphers=None):
        self.messages = []
        self.answers = answers or (200,)
        self.news = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                with outer.news:
                    outer.messages.append(Message(self, body))
                    answer = outer.answers[min(len(outer.messages), len(outer.answers)) - 1]
                    outer.news.notify_all()
                with contextlib.suppress(OSError):
                    answer(self) if callable(answer) else say(self, answer)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.server = Listener((address, port), Handler)
        self.port = self.server.server_address[1]
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if ciphers:
                context.maximum_version = ssl.TLSVersion.TLSv1_2
                context.set_ciphers(ciphers)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
            scheme = "https"
        self.url = f"{scheme}://{address}:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count, seconds=30):
        """Waits for `count` messages and returns them."""
        deadline = time.monotonic() + seconds
        with self.news:
            while len(self.messages) < count:
                left = deadline - time.monotonic()
                assert left > 0, f"{len(self.messages)} of {count} messages came in {seconds} s"
                self.news.wait(left)
            return list(self.messages)


def say(handler, status, headers=(), body=b""):
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def redirect_to(url):
    return lambda handler: say(handler, 301, [("Location", url)])


def slow(seconds):
    def answer(handler):
        time.sleep(seconds)  # pause: a slow receiver
        say(handler, 200)

    return answer


def gigabyte(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 30))
    handler.end_headers()
    for _ in range(1 << 14):
        handler.wfile.write(b"x" * (1 << 16))


def endless_chunks(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def nonsense(handler):
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    handler.close_connection = True


def interim_first(handler):
    handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")
    say(handler, 200)


class NameServer:
    """Answers A queries from a list of addresses for each name, one after the other. The last
    address applies to all that follow. Other names and types get an empty answer."""

    def __init__(self, names, address="127.53.0.9"):
        self.names = {name: list(addresses) for name, addresses in names.items()}
        self.address = address
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self):
        self.socket.bind((self.address, 53))
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                question, sender = self.socket.recvfrom(512)
                self.socket.sendto(self.answer(question), sender)

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        kind, = struct.unpack("!H", question[at + 1:at + 3])
        addresses = self.names.get(".".join(labels), [])
        found = b""
        if kind == 1 and addresses:
            address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
            found = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
        head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 if found else 0, 0, 0)
        return head + question[12:at + 5] + found
