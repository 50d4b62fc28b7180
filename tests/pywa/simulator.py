"""The simulator as a child process, and its control API."""

import json
import subprocess
import tempfile
import urllib.error
import urllib.request

NUMBER = "106540352242922"
WABA = "102290129340398"
SECRET = "pywa-app-secret"
TOKEN = "pywa-token"


class Simulator:
    """Runs until the end of the `with` block; webhooks go to `webhook`."""

    def __init__(self, program, webhook, *flags):
        self.program, self.webhook, self.flags = program, webhook, flags

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pywa-simulator-")
        self.log = tempfile.TemporaryFile()
        command = [
            self.program, "--listen", "127.0.0.1:0", "--data", self.folder.name, "--webhook-url", self.webhook,
            "--phone-number-id", NUMBER, "--waba-id", WABA, "--display-phone-number", "551140000000", *self.flags,
        ]
        secrets = {"SIMULATOR_APP_SECRET": SECRET, "SIMULATOR_ACCESS_TOKEN": TOKEN}
        self.process = subprocess.Popen(command, env=secrets, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening "):
            self.log.seek(0)
            raise SystemExit(f"the simulator did not start: {self.log.read().decode()}")
        self.url = line.split()[1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()

    def control(self, method, path, body=None):
        """A call to /sim; the answer as an object."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=70) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def says(self, phone, message):
        """The customer sends a Cloud API message; returns its id."""
        return self.control("POST", f"/sim/contacts/{phone}/messages", message)["id"]

    def thread(self, phone, more_than=-1):
        """What the phone shows, once it shows more than this many messages."""
        waiting = f"?more_than={more_than}&wait_ms=20000" if more_than >= 0 else ""
        return self.control("GET", f"/sim/contacts/{phone}/messages{waiting}")["messages"]
