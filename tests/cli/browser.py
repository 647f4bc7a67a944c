"""A headless Chromium, driven through chromedriver over HTTP: opens a page of this disk, clicks,
types, and hands out what the console said."""
import base64
import json
import os
import subprocess
import tempfile
import urllib.request

DOWN, ENTER, ESCAPE, LEFT, END = "\ue015", "\ue007", "\ue00c", "\ue012", "\ue010"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    def __init__(self, width=1280, height=900):
        self.folder = tempfile.TemporaryDirectory()
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True,
                                       env={**os.environ, "HOME": self.folder.name})
        port = next(line.rsplit(" ", 1)[1].strip(".\n") for line in self.driver.stdout
                    if "started successfully on port" in line)
        self.base = f"http://127.0.0.1:{port}/session"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     f"--window-size={width},{height}", f"--user-data-dir={self.folder.name}/data"]
        self.base += "/" + self.ask("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.folder.cleanup()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def open(self, path):
        self.ask("POST", "/url", {"url": "file://" + os.path.abspath(path)})
        self.settle()

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def settle(self):
        """Waits until tables are filled that wait for a picture to be drawn first."""
        self.run("return new Promise(done => requestAnimationFrame(() => setTimeout(() => setTimeout(done))))")

    def find(self, selector):
        return self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def text(self, selector):
        return self.ask("GET", f"/element/{self.find(selector)}/text")

    def click(self, selector):
        self.ask("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector, text):
        self.ask("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def choose(self, selector, value):
        self.run("const e = document.querySelector(arguments[0]); e.value = arguments[1];"
                 "e.dispatchEvent(new Event('change'))", selector, value)

    def point(self, selector, x, y, press=False):
        """x, y: from the upper left corner of the element."""
        left, top = self.run("const e = document.querySelector(arguments[0]);"
                             "e.scrollIntoView({ block: 'start' });"
                             "const box = e.getBoundingClientRect(); return [box.left, box.top]",
                             selector)
        actions = [{"type": "pointerMove", "duration": 0, "x": round(left + x),
                    "y": round(top + y), "origin": "viewport"}]
        if press:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse",
                                                   "actions": actions}]})

    def drag(self, selector, start, end, y):
        """From one x to another."""
        left, top = self.run("const e = document.querySelector(arguments[0]);"
                             "e.scrollIntoView({ block: 'start' });"
                             "const box = e.getBoundingClientRect(); return [box.left, box.top]",
                             selector)
        move = lambda x: {"type": "pointerMove", "duration": 0, "x": round(left + x),
                          "y": round(top + y), "origin": "viewport"}
        actions = [move(start), {"type": "pointerDown", "button": 0},
                   move((start + end) // 2), move(end), {"type": "pointerUp", "button": 0}]
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse",
                                                   "actions": actions}]})

    def press(self, keys):
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]}]})

    def log(self, kind):
        return self.ask("POST", "/se/log", {"type": kind})

    def complaints(self):
        return [entry["message"] for entry in self.log("browser")]

    def requests(self):
        """Addresses that were asked for, other than of pages and of data within them."""
        asked = []
        for entry in self.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        return [url for url in asked if not url.startswith(("file:", "data:", "chrome:", "about:"))]

    def save_picture(self, path):
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.ask("GET", "/screenshot")))
