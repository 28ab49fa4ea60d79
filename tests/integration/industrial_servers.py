"""Simulators of industrial protocols, from PyPI. Each is a program that the virtual environment of `fetch industrial`
runs, listening on 127.0.0.1."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import time

import servers
from service_servers import ADDRESS

START_SECONDS = 60

OPCUA = """
import asyncio
from asyncua import Server
async def serve():
    server = Server()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:4840/p/")
    async with server:
        await asyncio.Event().wait()
asyncio.run(serve())
"""
IEC104 = """
import threading
import c104
server = c104.Server(ip="127.0.0.1", port=2404)
server.add_station(47).add_point(11, c104.Type.M_ME_NC_1)
server.start()
threading.Event().wait()
"""
S7 = """
import threading
from snap7.server import Server
server = Server()
server.start(102)
threading.Event().wait()
"""
MODBUS = """
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer
who = ModbusDeviceIdentification(info_name={"VendorName": "Sonde", "ProductCode": "PC1", "MajorMinorRevision": "3.2"})
StartTcpServer(ModbusServerContext(ModbusSlaveContext(), single=True), identity=who, address=("127.0.0.1", 502))
"""


@dataclasses.dataclass
class Simulator:
    name: str  # the service's name
    port: int
    arguments: list  # of the interpreter


SIMULATORS = [
    Simulator("opcua", 4840, ["-c", OPCUA]),
    Simulator("ethernet_ip", 44818, ["-m", "cpppo.server.enip", "-a", "127.0.0.1:44818", "SCADA=INT[10]"]),
    Simulator("iec104", 2404, ["-c", IEC104]),
    Simulator("s7comm", 102, ["-c", S7]),
    Simulator("modbus", 502, ["-c", MODBUS]),
]


@contextlib.contextmanager
def running(python, folder):
    """Starts all simulators with an interpreter; ends them afterwards."""
    processes = []
    try:
        for each in SIMULATORS:
            with open(folder / each.name, "w") as log:
                processes.append(subprocess.Popen([python, *each.arguments], cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                                  start_new_session=True))
        for each in SIMULATORS:
            servers.wait_for_port(ADDRESS, each.port, START_SECONDS)
        yield processes
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def logs(folder):
    return {each.name: (folder / each.name).read_text(errors="replace") for each in SIMULATORS}


def still_run(processes, seconds=1):
    """Tells whether all processes run, a moment after the scan."""
    time.sleep(seconds)  # pause: a server that is about to end has ended then
    return all(process.poll() is None for process in processes)
