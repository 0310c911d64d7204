"""Calls a job's supervisor at its home as a node's guest would, and prints what it answers. usage: call.py HOME:PORT JOB ROLE INCARNATION NODE"""

import json
import os
import socket
import ssl
import struct
import sys

address, job, role, incarnation, node = sys.argv[1:]
host, port = address.rsplit(":", 1)
folder = "/var/lib/isobar/cluster"
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# The server is to judge the caller here, not the other way round.
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.load_cert_chain(f"{folder}/node.pem", f"{folder}/node.key")
with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain, server_hostname=f"{role}.{job}.job.isobar") as stream:
    opening = json.dumps({"job": job, "incarnation": int(incarnation), "node": node}).encode()
    stream.sendall(struct.pack("<i", len(opening)) + opening)
    length, = struct.unpack("<i", stream.recv(4))
    print(stream.recv(length).decode())
