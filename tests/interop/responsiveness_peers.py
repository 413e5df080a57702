#!/usr/bin/env python3
"""Our responsiveness client and server before peers that nobody here wrote: curl, nghttp and h2load ask our server, nghttpd
serves our client, raw sockets abuse the server, and ping says how long a queue of known size really is. In network
namespaces of its own; needs root, iproute2, ping, curl, openssl, nghttp2-client, nghttp2-server.

    tests/interop/responsiveness_peers.py --gnomon build/release/gnomon

goresponsiveness, the draft authors' client, is not part of this tree: build it elsewhere and name its program in the
environment variable GORESPONSIVENESS; without it that check is skipped, and says so.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from checks import check, failures

PORT = 4043
RATE_MBIT, QUEUE_MS = 50, 100


class Path:
    """Client - router - server. The router's two egress queues hold QUEUE_MS at RATE_MBIT: at the sender's own host TCP
    would keep them short (TCP small queues). Reno fills a queue; the host's default might not."""

    def __enter__(self):
        stem = f"gnr{os.getpid()}"
        self.client, self.router, self.server = stem + "c", stem + "r", stem + "s"
        for name in (self.client, self.router, self.server):
            self.ip("netns", "add", name)
            self.ip("-n", name, "link", "set", "lo", "up")
        for host, far, net in ((self.client, "to_c", 1), (self.server, "to_s", 2)):
            self.ip("link", "add", "eth0", "netns", host, "type", "veth", "peer", "name", far, "netns", self.router)
            self.ip("-n", host, "addr", "add", f"10.77.{net}.1/24", "dev", "eth0")
            self.ip("-n", self.router, "addr", "add", f"10.77.{net}.254/24", "dev", far)
            self.ip("-n", host, "link", "set", "eth0", "up")
            self.ip("-n", self.router, "link", "set", far, "up")
            self.ip("-n", host, "route", "add", "default", "via", f"10.77.{net}.254", "congctl", "reno")
        self.run(self.router, ["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        self.address = "10.77.2.1"
        return self

    def __exit__(self, *_):
        for name in (self.client, self.router, self.server):
            self.ip("netns", "del", name)

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    def limit(self):
        size = RATE_MBIT * 125 * QUEUE_MS
        for far in ("to_c", "to_s"):
            self.run(self.router, ["tc", "qdisc", "replace", "dev", far, "root", "tbf", "rate", f"{RATE_MBIT}mbit",
                                   "burst", "10k", "limit", str(size)])

    def run(self, where, words, timeout=120, **options):
        return subprocess.run(["ip", "netns", "exec", where] + words, text=True, capture_output=True, timeout=timeout,
                              **options)

    def start(self, where, words, **options):
        return subprocess.Popen(["ip", "netns", "exec", where] + words, text=True, **options)

    def wait_for_port(self, port, process):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            if f":{port} " in self.run(self.server, ["ss", "-Hltn"]).stdout:
                return True
            time.sleep(0.05)
        return False


def stop(process):
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def curl_checks(path, base):
    curl = ["curl", "--http2", "-sk", "--max-time", "20"]
    done = path.run(path.client, curl + [base + "/.well-known/nq"])
    urls = json.loads(done.stdout)["urls"]
    check(urls["small_download_url"] == base + "/nq/small" and urls["upload_url"] == base + "/nq/upload",
          "curl: configuration names URLs of the host that was asked")
    done = path.run(path.client, curl + ["-o", "/dev/null", "-w", "%{http_version} %{http_code} %{size_download}",
                                         urls["small_https_download_url"]])
    check(done.stdout == "2 200 1", "curl: small object is one byte over HTTP/2")
    done = path.run(path.client, ["sh", "-c", f"head -c 20000000 /dev/zero | curl --http2 -sk -T - -X POST -o /dev/null "
                                  f"-w '%{{http_code}} %{{size_upload}}' {urls['upload_url']}"])
    check(done.stdout == "200 20000000", "curl: upload of 20 MB is taken and answered")
    done = path.run(path.client, curl + ["--max-time", "2", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
                                         urls["large_download_url"]])
    check(done.stdout.startswith("200 ") and int(done.stdout.split()[1]) > 1_000_000, "curl: large object flows")
    done = path.run(path.client, curl + ["-o", "/dev/null", "-w", "%{http_code}", base + "/other"])
    check(done.stdout == "404", "curl: another path is 404")
    done = path.run(path.client, ["curl", "--http1.1", "-sk", "--max-time", "5", base + "/nq/small"])
    check(done.returncode != 0 and done.stdout == "", "curl: HTTP/1.1 is not spoken")


def nghttp_checks(path, base, pid):
    done = path.run(path.client, ["nghttp", "-nv", "--no-verify-peer", base + "/nq/small"])
    check(":status: 200" in done.stdout, "nghttp: small object")
    before = resident_kb(pid)
    done = path.run(path.client, ["h2load", "-n", "20000", "-c", "50", "-m", "50", base + "/nq/small"])
    check("20000 succeeded, 0 failed" in done.stdout, "h2load: 20,000 small requests on 50 connections, 50 at a time")
    check(resident_kb(pid) < before + 60_000, f"h2load: server grew by {resident_kb(pid) - before} kB")


def tls_connection(address):
    import ssl
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    raw = context.wrap_socket(socket.create_connection((address, PORT), timeout=10))
    raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
    return raw


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """HPACK literal without indexing, no Huffman (RFC 7541 section 6.2.2)."""
    def text(raw):
        if len(raw) < 127:
            return bytes([len(raw)]) + raw
        rest, out = len(raw) - 127, bytearray([127])
        while rest >= 128:
            out.append(rest % 128 + 128)
            rest //= 128
        return bytes(out + bytes([rest])) + raw
    return b"\x00" + text(name) + text(value)


REQUEST = (b"\x82\x87" + literal(b":path", b"/nq/small") + literal(b":authority", b"x"))


def until_closed(connection):
    """Reads to the end; the last GOAWAY's error code when there was one."""
    kept, code = b"", None
    try:
        while piece := connection.recv(65536):
            kept += piece
            while len(kept) >= 9 and len(kept) >= 9 + int.from_bytes(kept[:3], "big"):
                size = int.from_bytes(kept[:3], "big")
                if kept[3] == 7:
                    code = int.from_bytes(kept[13:17], "big")
                kept = kept[9 + size:]
    except (ConnectionError, TimeoutError, OSError):
        pass
    return code


def abuse(address):
    """In a child process inside the client's namespace; prints one JSON object."""
    out = {}
    connection = tls_connection(address)
    try:
        for stream in range(1, 40_001, 2):  # CVE-2023-44487: open and reset
            connection.sendall(frame(1, 5, stream, REQUEST) + frame(3, 0, stream, struct.pack(">I", 8)))
        out["rapid_reset"] = "all taken"
    except OSError:
        out["rapid_reset"] = "closed"
    if out["rapid_reset"] == "all taken":
        out["rapid_reset"] = f"goaway {until_closed(connection)}"
    connection = tls_connection(address)
    many = REQUEST + b"".join(literal(b"x-%d" % i, b"v" * 100) for i in range(100))
    connection.sendall(frame(1, 5, 1, many))
    out["long_head"] = until_closed(connection)
    connection = tls_connection(address)
    try:
        connection.sendall(frame(1, 1, 1, REQUEST))
        for _ in range(10_000):  # CONTINUATION without end
            connection.sendall(frame(9, 0, 1, literal(b"x", b"y" * 1000)))
        out["continuations"] = "all taken"
    except OSError:
        out["continuations"] = "closed"
    connection = tls_connection(address)
    for flood, piece in (("pings", frame(6, 0, 0, b"12345678")), ("settings", frame(4, 0, 0, b"\x00\x03\x00\x00\x00\x64"))):
        connection = tls_connection(address)
        connection.settimeout(10)
        sent = 0
        try:
            while sent < 64_000_000:  # and nothing is read
                connection.sendall(piece * 1000)
                sent += len(piece) * 1000
        except OSError:
            pass
        out[flood] = sent
        connection.close()
    plain = socket.create_connection((address, PORT), timeout=10)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n")
    try:
        out["http1"] = len(plain.recv(100))
    except OSError:
        out["http1"] = 0
    connection = tls_connection(address)  # a forbidden field (RFC 9113 section 8.2.2)
    connection.sendall(frame(1, 5, 1, REQUEST + literal(b"transfer-encoding", b"chunked")))
    time.sleep(0.5)
    answer = connection.recv(65536)
    out["transfer_encoding"] = b"\x88" not in answer  # no indexed ":status: 200"
    print(json.dumps(out))


def abuse_checks(path, pid):
    before = resident_kb(pid)
    done = path.run(path.client, [sys.executable, os.path.abspath(__file__), "--abuse", path.address])
    out = json.loads(done.stdout) if done.stdout else {"error": done.stderr}
    print(f"      abuse: {out}, server grew by {resident_kb(pid) - before} kB")
    check(out.get("rapid_reset") not in (None, "all taken", "goaway None", "goaway 0"), "abuse: rapid reset ends the connection")
    check(out.get("long_head") == 11, "abuse: a head above 8 kB gets ENHANCE_YOUR_CALM")
    check(out.get("continuations") == "closed", "abuse: CONTINUATION without end closes the connection")
    check(0 < out.get("pings", 0) < 64_000_000 and 0 < out.get("settings", 0) < 64_000_000,
          "abuse: PING and SETTINGS that nobody reads the answers of close the connection")
    check(out.get("http1") == 0, "abuse: HTTP/1.1 without TLS gets nothing")
    check(out.get("transfer_encoding") is True, "abuse: transfer-encoding is refused")
    check(resident_kb(pid) < before + 30_000, "abuse: server's memory stays bounded")
    done = path.run(path.client, ["curl", "--http2", "-sk", f"https://{path.address}:{PORT}/nq/small"])
    check(done.stdout == "x", "abuse: and it still answers")


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "1", "-subj", "/CN=peer", "-addext", "subjectAltName=IP:10.77.2.1", "-keyout", f"{folder}/key.pem",
                    "-out", f"{folder}/cert.pem"], check=True, capture_output=True)


def nghttpd_checks(path, gnomon, folder):
    """nghttpd serves files: a sparse one of 9 GB is the large object, and POST to a file is read and answered."""
    certificate(folder)
    root = os.path.join(folder, "root")
    os.makedirs(os.path.join(root, ".well-known"))
    base = f"https://{path.address}:8443"
    with open(os.path.join(root, ".well-known/nq"), "w") as file:
        json.dump({"version": 1, "urls": {"small_download_url": base + "/small", "large_download_url": base + "/large",
                                          "upload_url": base + "/small"}}, file)
    with open(os.path.join(root, "small"), "w") as file:
        file.write("x")
    with open(os.path.join(root, "large"), "wb") as file:
        file.truncate(9_000_000_000)
    server = path.start(path.server, ["nghttpd", "-d", root, "8443", f"{folder}/key.pem", f"{folder}/cert.pem"],
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path.wait_for_port(8443, server)
    done = path.run(path.client, [gnomon, "responsiveness", "--json", "--down", "--seconds", "20", "--ca",
                                  f"{folder}/cert.pem", base])
    down = json.loads(done.stdout)["down"] if done.stdout else {}
    print(f"      nghttpd: {done.stderr.strip() or ''} rpm {down.get('rpm')} goodput {down.get('goodput_down_bps')}")
    check(bool(down) and down["rpm"] > 0 and down["goodput_down_bps"] > 0.9 * RATE_MBIT * 1e6,
          "nghttpd as server: our client fills the line and gets a figure, its certificate checked")
    done = path.run(path.client, [gnomon, "responsiveness", "--json", "--down", "--seconds", "20", base])
    check(done.returncode == 5 and "certificate" in done.stderr, "nghttpd as server: an unknown certificate is refused")
    server.terminate()
    server.wait()


def quantile(values, q):
    return sorted(values)[int(q * (len(values) - 1))]


def queue_truth(path, gnomon, direction):
    """What ping sees in the same seconds is the truth: the last four before the end, and the idle ones before the load."""
    ping = path.start(path.client, ["ping", "-D", "-i", "0.02", path.address], stdout=subprocess.PIPE)
    done = path.run(path.client, [gnomon, "responsiveness", "--json", "--insecure", f"--{direction}", "--seconds", "20",
                                  f"{path.address}:{PORT}"])
    end = time.time()
    ping.send_signal(signal.SIGINT)
    rtts = [(float(line[1:line.index("]")]), float(line.split("time=")[1].split()[0]))
            for line in ping.communicate()[0].splitlines() if "time=" in line]
    if not done.stdout:
        return check(False, f"queue {direction}: {done.stderr.strip()}")
    seen = json.loads(done.stdout)
    part = seen[direction]
    idle = quantile([rtt for at, rtt in rtts if at < end - part["duration_ns"] / 1e9 - 0.2], 0.5)
    loaded = [rtt for at, rtt in rtts if end - 4.1 < at < end - 0.1]
    truth = quantile(loaded, 0.5) - idle
    ours = part["inflation_tcp"]["p50"] / 1e6
    http = part["inflation_http"]["p50"] / 1e6
    print(f"      queue {direction}: ping {truth:.1f} ms (p95 {quantile(loaded, 0.95) - idle:.1f}); ours tcp {ours:.1f} "
          f"(p95 {part['inflation_tcp']['p95'] / 1e6:.1f}), http {http:.1f}, self {part['inflation_self']['p50'] / 1e6:.1f}; "
          f"rpm {part['rpm']}, {part['rpm_confidence']}, down {part['goodput_down_bps'] / 1e6:.1f}, "
          f"up {part['goodput_up_bps'] / 1e6:.1f} Mbit/s, flows {part['flows_down']}+{part['flows_up']}, {part['intervals']} s")
    check(abs(ours - truth) <= max(2, 0.05 * truth), f"queue {direction}: within 5 % or 2 ms of what ping sees")


def go_client(path, program):
    done = path.run(path.client, [program, "-config", path.address, "-port", str(PORT), "-path", ".well-known/nq",
                                  "-insecure-skip-verify=true", "-rpm.timeout", "20"], timeout=100)
    lines = [line for line in done.stdout.splitlines() if "RPM" in line or "ownload" in line or "pload" in line]
    print("      " + "\n      ".join(lines[:12] or done.stderr.splitlines()[:3]))
    check("RPM" in done.stdout and "rror" not in done.stderr, "goresponsiveness: measures against our server")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gnomon", default="build/release/gnomon")
    parser.add_argument("--queue", action="store_true", help="hold the queue that is measured against ping (a minute; wants a quiet machine)")
    parser.add_argument("--abuse", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.abuse:
        return abuse(asked.abuse)
    missing = [tool for tool in ("curl", "nghttp", "h2load", "nghttpd", "openssl", "ping") if not shutil.which(tool)]
    if missing:
        print(f"skip  responsiveness peers: {', '.join(missing)} not installed (packages-test.txt)")
        return 0
    gnomon = os.path.abspath(asked.gnomon)
    with Path() as path, tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(["ip", "netns", "exec", path.server, gnomon, "responsiveness", "--server"],
                                  stdout=subprocess.DEVNULL)
        path.wait_for_port(PORT, server)
        base = f"https://{path.address}:{PORT}"
        curl_checks(path, base)
        nghttp_checks(path, base, server.pid)
        abuse_checks(path, server.pid)
        path.limit()
        for direction in ("down", "up", "both") if asked.queue else ():
            queue_truth(path, gnomon, direction)
        if program := os.environ.get("GORESPONSIVENESS"):
            go_client(path, program)
        else:
            print("skip  goresponsiveness: set GORESPONSIVENESS to its program")
        nghttpd_checks(path, gnomon, folder)
        stop(server)
        check(server.returncode == 0, "server ends in order")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
