"""Serves one directory by pyftpdlib, as told by a JSON file: see PyftpdOptions in ../ftp.ts."""

import encodings.idna  # noqa: F401  (loaded before rights are dropped)
import json
import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

with open(sys.argv[1], encoding="utf-8") as file:
    asked = json.load(file)

handler = FTPHandler
if asked.get("pemFile"):
    from pyftpdlib.handlers import TLS_FTPHandler

    handler = TLS_FTPHandler
    handler.certfile = asked["pemFile"]
    handler.tls_control_required = True
    handler.tls_data_required = True
    handler.get_ssl_context()


class Handler(handler):
    """The server as it is, less what the bed is asked to leave out or to refuse."""

    passive_ports = asked.get("passivePorts")
    auth_failed_timeout = 0

    def handle(self):
        if asked.get("tls") == "implicit":
            self.secure_connection(self.ssl_context)
        else:
            super().handle()

    def handle_ssl_established(self):
        if asked.get("tls") == "implicit":
            super().handle()

    def pre_process_command(self, line, cmd, arg):
        if cmd in asked.get("unknown", []):
            self.respond(f"502 Command {cmd} not implemented.")
            return
        super().pre_process_command(line, cmd, arg)

    def respond(self, resp, *args, **kwargs):
        for real, told in asked.get("announce", {}).items():
            resp = resp.replace(f"|||{real}|", f"|||{told}|")
            high, low = divmod(int(real), 256)
            resp = resp.replace(f",{high},{low})", f",{told // 256},{told % 256})")
        for name in asked.get("unknown", []):
            resp = resp.replace(f" {name} ", " ")
        super().respond(resp, *args, **kwargs)

    def ftp_RNTO(self, path):
        if asked.get("renameOntoFiles", True) or not self.fs.lexists(path):
            return super().ftp_RNTO(path)
        self._rnfr = None
        self.respond("553 File exists.")
        return None

    def ftp_FEAT(self, line):
        if "MLST" not in asked.get("unknown", []):
            return super().ftp_FEAT(line)
        self.respond("211 No features.")
        return None


authorizer = DummyAuthorizer()
for user in asked["users"]:
    authorizer.add_user(user["name"], user["password"], asked["root"], perm="elradfmwMT")
Handler.authorizer = authorizer
server = FTPServer(("127.0.0.1", asked["port"]), Handler)
server.max_cons_per_ip = asked.get("maxPerIp", 0)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
server.serve_forever()
