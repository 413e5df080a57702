"""ClickHouse 18.16: a window is a row of a MergeTree table ordered by path and start, a sketch a nested column, which is two
arrays of one length. It compresses with LZ4 unless told otherwise, and knows no codec for a single column yet."""

import shutil
import subprocess
import urllib.parse

from peers import server

PACKAGE = "clickhouse-server"
REQUEST_ROWS = 50_000
TYPES = {"uint32": "UInt32", "enum": "UInt8", "int64": "Int64"}

CONFIGURATION = """<yandex>
  <logger><level>warning</level><log>{folder}/server.log</log><errorlog>{folder}/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><http_port>{port}</http_port><tcp_port>{tcp}</tcp_port>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><mark_cache_size>67108864</mark_cache_size>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <compression><case><min_part_size>0</min_part_size><min_part_size_ratio>0</min_part_size_ratio><method>{method}</method></case></compression>
</yandex>
"""
USERS = """<yandex>
  <profiles><default/></profiles><quotas><default/></quotas>
  <users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
</yandex>
"""


def version():
    if not shutil.which("clickhouse-server"):
        return None
    text = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", PACKAGE], text=True, capture_output=True, check=False).stdout
    return text.split("+")[0] or "of unknown version"


def table(data):
    columns = ["path UInt32", "start_ms Int64"]
    for column in data.columns:
        kind = TYPES[column.kind]
        columns.append(f"{column.name} " + (f"Nullable({kind})" if column.nullable else kind))
    columns += [f"{name} Nested(number Int16, count UInt32)" for name in data.sketches]
    return f"CREATE TABLE delay ({', '.join(columns)}) ENGINE = MergeTree PARTITION BY tuple() ORDER BY (path, start_ms)"


def line(window):
    words = [str(window.path.number), str(window.start_ms)]
    words += [r"\N" if value is None else str(value) for value in window.values]
    for sketch in window.sketches:
        words += [str(sketch[::2]), str(sketch[1::2])]
    return "\t".join(words)


def ask(peer, words, body=b""):
    return peer.ask("/?" + urllib.parse.urlencode({"query": words}), body).decode().strip()


def measure(data, folder, method):
    port = server.free_port()
    (folder / "tmp").mkdir()
    (folder / "users.xml").write_text(USERS)
    (folder / "config.xml").write_text(CONFIGURATION.format(folder=folder, port=port, tcp=server.free_port(), method=method))
    command = ["clickhouse-server", f"--config-file={folder}/config.xml"]
    with server.Server(command, f"http://127.0.0.1:{port}", "/ping", folder / "log") as peer:
        ask(peer, table(data))
        for at in range(0, len(data.rows), REQUEST_ROWS):
            body = "\n".join(map(line, data.rows[at:at + REQUEST_ROWS]))
            ask(peer, "INSERT INTO delay FORMAT TabSeparated", body.encode())
        ask(peer, "OPTIMIZE TABLE delay FINAL")
        counts = ", ".join(f"sum(arraySum({name}.count))" for name in data.sketches)
        server.check("ClickHouse", ask(peer, f"SELECT count(), sum(sent), {counts} FROM delay"), len(data.rows),
                     data.total("sent"), *(data.packets(i) for i in range(len(data.sketches))))
        parts = ask(peer, "SELECT count(), sum(bytes_on_disk), sum(marks_bytes) FROM system.parts WHERE active AND table = 'delay'")
    count, held, marks = map(int, parts.split("\t"))
    if count != 1:
        raise RuntimeError(f"ClickHouse holds {count} parts after OPTIMIZE FINAL")
    return server.Held(held - marks, marks, 0)
