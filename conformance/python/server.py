"""The server under test, as a process."""

import os
import shlex
import signal
import subprocess
import threading

PATIENCE = 30  # seconds that anything may take on a slow machine


class Server:
    """One process of COMMAND --profile NAME, listening when the constructor returns."""

    def __init__(self, profile="main"):
        self.profile = profile
        self.port = 0
        self.start()

    def start(self):
        """Starts the process, on the port it had before if there was one."""
        command = shlex.split(os.environ["COMMAND"])
        command += ["--profile", self.profile, "--port", str(self.port), "--host", "127.0.0.1"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = threading.Event()
        line = []

        def read(out):
            with out:
                line.append(out.readline())
                ready.set()
                for _ in out:  # the pipe must not fill up
                    pass

        threading.Thread(target=read, args=[self.process.stdout], daemon=True).start()
        if not ready.wait(PATIENCE) or not line[0].startswith("READY "):
            self.process.kill()
            raise RuntimeError(f"the server did not get ready: {line}")
        self.port = int(line[0].split()[1])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def kill(self):
        """Ends the process as a crash would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        """Ends the process in order and gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)
