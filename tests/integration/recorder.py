"""Sockets that record what a scan sends to them."""

import contextlib
import socket
import threading


class Recorder:
    """Listens on ports of one address and keeps what each receives, however long its client
    stays."""

    def __init__(self, address, ports, greet):
        self.address = address
        self.received = {port: b"" for port in ports}
        self.greet = greet
        self.listeners = {port: socket.create_server((address, port), backlog=64) for port in ports}

    def accept(self, port):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listeners[port].accept()
                threading.Thread(target=self.record, args=(client, port), daemon=True).start()

    def record(self, client, port):
        talk = threading.Thread(target=self.speak, args=(client,), daemon=True)
        talk.start()
        with contextlib.suppress(OSError):
            while received := client.recv(65536):
                self.received[port] += received

    def speak(self, client):
        with contextlib.suppress(OSError):
            self.greet(client)

    def __enter__(self):
        for port in self.listeners:
            threading.Thread(target=self.accept, args=(port,), daemon=True).start()
        return self

    def __exit__(self, *_):
        for listener in self.listeners.values():
            # A socket that a thread accepts from stays open until this wakes the thread.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
