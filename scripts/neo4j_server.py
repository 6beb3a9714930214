#!/usr/bin/env python3
"""A real Neo4j Community server without Docker: assembled out of Maven Central, run on 127.0.0.1.

    python scripts/neo4j_server.py install              puts the server into the cache folder
    python scripts/neo4j_server.py start --port 7687    starts it and prints its address
    python scripts/neo4j_server.py start --gds          with Graph Data Science, fetched once into a folder of its own
    python scripts/neo4j_server.py status | stop

The cache folder is $RENMAI_CACHE, else ~/.cache/renmai. It needs Maven and Java 17 or 21; as root on Debian or Ubuntu
both are installed where they are missing. Nothing but Python's own library is needed to run this file.
Neo4j Community and Graph Data Science are under the GPL 3; both are fetched from Maven Central and no part of this
project.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

VERSION = "5.26.30"
GDS_VERSION = "2.13.9"
"""The line of Graph Data Science that fits Neo4j 5.26."""
_GDS_PARTS = ("proc", "proc-sysinfo", "opengds-extension", "open-model-catalog", "open-write-services")
_NEO4J = ("org.neo4j", "neo4j", VERSION)
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_JAVAS = (17, 21)
_START_SECONDS = 240.0
_OPENED = ("java.nio", "java.io", "sun.nio.ch")
_BOLT_HELLO = bytes.fromhex("6060b017 00000405 00000305 00000205 00000105".replace(" ", ""))


class Failed(Exception):
    """Something the user can mend, in a sentence."""


def cache() -> Path:
    """Where the server's files are kept, outside any checkout."""
    return Path(os.environ.get("RENMAI_CACHE") or Path.home() / ".cache" / "renmai").absolute()


def installation() -> Path:
    """The folder of this version's files."""
    return cache() / f"neo4j-{VERSION}"


def install() -> Path:
    """The jars and a class archive, once for each version; a half-done installation is begun again."""
    target = installation()
    if (target / "complete").exists():
        return target
    java = _tools()
    if not (target / "lib").exists():
        _fetch(target, [_NEO4J], without=set())
    # The archive holds its own jars' full paths, so it is made where they stay.
    _archive_classes(java, target)
    (target / "complete").write_text(VERSION)
    return target


def install_gds() -> Path:
    """The jars of Graph Data Science that the server does not have itself, once for each pair of versions."""
    target = cache() / f"neo4j-{VERSION}-gds-{GDS_VERSION}"
    if not (target / "lib").exists():
        own = {jar.name for jar in (install() / "lib").glob("*.jar")}
        _fetch(target, [_NEO4J, *(("org.neo4j.gds", part, GDS_VERSION) for part in _GDS_PARTS)], without=own)
    return target


def start(
    home: Path, port: int, password: str | None, *, read_only: bool, heap: str, quick: bool, gds: bool = False
) -> str:
    """The address of the running server. `port` 0 takes a free one; without a password nobody is asked for one."""
    if running(home):
        raise Failed(f"a server already runs in {home}: stop it first")
    files, java = install(), _java()
    if java is None:
        raise Failed("Neo4j needs Java 17 or 21: install one, or set JAVA_HOME")
    plugins = install_gds() / "lib" if gds else None
    for name in ("conf", "data", "logs", "run", "import", "plugins"):
        (home / name).mkdir(parents=True, exist_ok=True)
    if read_only and not (home / "data" / "databases" / "neo4j").exists():
        start(home, 0, password, read_only=False, heap=heap, quick=True)  # a database must be made before it is closed
        stop(home)
    port = port or _free_port()
    if password is not None:
        _set_first_password(home, password)
    _configure(home, port, read_only=read_only, login=password is not None, plugins=plugins)
    with (home / "logs" / "console.log").open("wb") as log:
        process = subprocess.Popen(
            _command(java, files, home, heap, quick=quick, plugins=plugins),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=home,
        )
    state = {"pid": process.pid, "uri": f"bolt://127.0.0.1:{port}"}
    (home / "run" / "server.json").write_text(json.dumps(state))
    _wait_for_bolt(process, port, home)
    return str(state["uri"])


def stop(home: Path) -> bool:
    """Ends the server of this folder; False where none runs."""
    state = running(home)
    if state is None:
        return False
    pid = int(state["pid"])
    for number, seconds in ((signal.SIGTERM, 40.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if running(home) is None:
                (home / "run" / "server.json").unlink(missing_ok=True)
                return True
            time.sleep(0.05)
    raise Failed(f"process {pid} does not end")


def running(home: Path) -> "dict[str, str] | None":
    """What runs in this folder: pid and uri, only where the process really is this folder's server."""
    try:
        state = json.loads((home / "run" / "server.json").read_text())
        command = _command_of(int(state["pid"]))
    except (OSError, ValueError, KeyError):
        return None
    return state if f"--home-dir={home}" in command else None


def _command_of(pid: int) -> str:
    """The process's command line; empty where it has ended."""
    if Path("/proc/self").exists():
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    listing = ["ps", "-o", "command=", "-ww", "-p", str(pid)]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout


def _tools() -> str:
    """Java's path; installs it and Maven where that is possible."""
    if _java() is None or shutil.which("mvn") is None:
        _install_packages()
    java = _java()
    if java is None or shutil.which("mvn") is None:
        raise Failed(
            "Neo4j is assembled with Maven and runs on Java 17 or 21: install both (Debian: apt-get install maven "
            "openjdk-17-jre-headless), or set NEO4J_URI to a server that you have"
        )
    return java


def _install_packages() -> None:
    if not (hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")):
        return
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wanted = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "maven", "openjdk-17-jre-headless"]
    for command in (["apt-get", "update", "-qq"], wanted):
        done = subprocess.run(command, env=quietly, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"{' '.join(command)} failed: {_tail(done.stderr)}")


def _java() -> str | None:
    """A Java that this version runs on, JAVA_HOME's first."""
    home = os.environ.get("JAVA_HOME")
    found = [str(path) for path in sorted(Path("/usr/lib/jvm").glob("*/bin/java"))]
    for java in [f"{home}/bin/java" if home else None, shutil.which("java"), *found]:
        if java and Path(java).exists() and _major(java) in _JAVAS:
            return java
    return None


def _major(java: str) -> int:
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else 0


def _fetch(target: Path, wanted: "list[tuple[str, str, str]]", without: "set[str]") -> None:
    """All jars that these need, into `lib`, less those whose work jars of the names in `without` do.

    The versions are exact: a range would fetch every version's pom.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.mkdir(parents=True)
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
        "</dependency>"
        for group, artifact, version in wanted
    )
    (part / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>renmai</groupId><artifactId>neo4j-server</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
    command = ["mvn", "-B", "-q", _COPY, "-DincludeScope=runtime", f"-DoutputDirectory={part / 'lib'}"]
    try:
        done = subprocess.run(command, cwd=part, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            names = ", ".join(":".join(one) for one in wanted)
            raise Failed(f"Maven could not fetch {names}: {_tail(done.stdout + done.stderr)}")
        for jar in (part / "lib").glob("*.jar"):
            if _stands_in(jar.name, without):
                jar.unlink()
        # Two installs at once: the second finds the first one's folder and throws its own away.
        with contextlib.suppress(OSError):
            part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _stands_in(name: str, own: "set[str]") -> bool:
    """Whether a jar of the server does this one's work: the same, or another version of the same library.

    Graph Data Science has parts of its own that are called like the server's (neo4j-values), told by their version.
    """
    if name in own:
        return True
    return not name.endswith(f"-{GDS_VERSION}.jar") and _library(name) in map(_library, own)


def _library(name: str) -> str:
    return re.sub(r"-\d[^/]*\.jar$", "", name)


def _archive_classes(java: str, files: Path) -> None:
    """One start for nothing but to note the loaded classes: every later start takes a third of the time."""
    home = files / f"scratch-{os.getpid()}"
    archive = files / f"classes-{_major(java)}.jsa"
    if archive.exists():
        return
    for name in ("conf", "data", "logs", "run", "import", "plugins"):
        (home / name).mkdir(parents=True)
    port = _free_port()
    _configure(home, port, read_only=False, login=False)
    note = [f"-XX:ArchiveClassesAtExit={home / archive.name}"]
    with (home / "logs" / "console.log").open("wb") as log:
        process = subprocess.Popen(
            _command(java, files, home, "1g", quick=False, extra=note),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for_bolt(process, port, home)
    finally:
        process.terminate()
        process.wait(300)
    with contextlib.suppress(FileNotFoundError):  # a Java that makes no archive starts slowly, and that is all
        (home / archive.name).replace(archive)
    shutil.rmtree(home, ignore_errors=True)


def _command(
    java: str,
    files: Path,
    home: Path,
    heap: str,
    *,
    quick: bool,
    extra: "list[str] | None" = None,
    plugins: "Path | None" = None,
) -> "list[str]":
    # The plugins come last: a class archive holds for every class path that begins with its own.
    folders = [files / "lib", *([plugins] if plugins else [])]
    jars = [str(jar) for folder in folders for jar in sorted(folder.glob("*.jar"))]
    archive = files / f"classes-{_major(java)}.jsa"
    flags = ["-Xms128m", f"-Xmx{heap}", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", *(extra or [])]
    flags += [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
    flags += ["-Dlog4j2.disable.jmx=true", "-Dfile.encoding=UTF-8", "-Dio.netty.tryReflectionSetAccessible=true"]
    if extra is None and archive.exists():
        # -Xshare:auto goes on without the archive where it does not fit; that is no reason to complain on the console
        flags += [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:disable", "-Xlog:all=error:stderr"]
    if quick:
        flags.append("-XX:TieredStopAtLevel=1")
    return [
        java,
        "-cp",
        ":".join(jars),
        *flags,
        _main_class(files),
        f"--home-dir={home}",
        f"--config-dir={home / 'conf'}",
    ]


def _main_class(files: Path) -> str:
    jar = files / "lib" / f"neo4j-{VERSION}.jar"
    with zipfile.ZipFile(jar) as content:
        return content.read("META-INF/services/org.neo4j.server.startup.EntryPoint").decode().split()[0]


def _configure(home: Path, port: int, *, read_only: bool, login: bool, plugins: "Path | None" = None) -> None:
    settings = {
        "server.default_listen_address": "127.0.0.1",
        "server.default_advertised_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.bolt.advertised_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "server.memory.pagecache.size": "128m",
        "server.databases.default_to_read_only": str(read_only).lower(),
        "dbms.security.auth_enabled": str(login).lower(),
        "dbms.usage_report.enabled": "false",
        "db.tx_log.preallocate": "false",
        "db.tx_log.rotation.size": "16m",
        "db.tx_log.rotation.retention_policy": "keep_none",
        "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
        "internal.dbms.bolt.netty_server_shutdown_timeout": "1s",
    }
    if plugins:
        settings |= {"server.directories.plugins": str(plugins), "dbms.security.procedures.unrestricted": "gds.*"}
    (home / "conf" / "neo4j.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def _set_first_password(home: Path, password: str) -> None:
    """What neo4j-admin's set-initial-password writes: salted SHA-256, 1,024 rounds; for the first start."""
    if len(password) < 8:
        raise Failed("Neo4j wants a password of at least 8 characters")
    if (home / "data" / "databases" / "system").exists():
        return
    salt = secrets.token_bytes(32)
    digest = salt + password.encode()
    for _ in range(1024):
        digest = hashlib.sha256(digest).digest()
    path = home / "data" / "dbms" / "auth.ini"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(f"neo4j:SHA-256,{digest.hex()},{salt.hex()},1024:\n")


def _wait_for_bolt(process: "subprocess.Popen[bytes]", port: int, home: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if _bolt_answers(port):
            return
        time.sleep(0.1)
    process.terminate()
    logs = [home / "logs" / name for name in ("console.log", "neo4j.log")]
    said = " ".join(log.read_text(errors="replace") for log in logs if log.exists())
    raise Failed(f"Neo4j did not start on port {port}: {_tail(said)}")


def _bolt_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(5)
            connection.sendall(_BOLT_HELLO)
            return len(connection.recv(4)) == 4
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _tail(text: str) -> str:
    return " ".join(text.split())[-600:]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("install", help="fetch the server into the cache folder")
    one.add_argument("--gds", action="store_true", help="with Graph Data Science")
    for name in ("start", "stop", "status"):
        one = commands.add_parser(name)
        one.add_argument("--home", type=Path, default=cache() / "neo4j-server", help="data, configuration and logs")
        if name == "start":
            one.add_argument("--port", type=int, default=7687, help="of Bolt; 0 takes a free one")
            one.add_argument(
                "--password", default=os.environ.get("NEO4J_PASSWORD"), help="of user neo4j, at first start"
            )
            one.add_argument("--read-only", action="store_true", help="every database refuses to be written")
            one.add_argument("--heap", default="1g")
            one.add_argument("--gds", action="store_true", help="with Graph Data Science")
            one.add_argument("--quick", action="store_true", help="quickest start, slower under load: for tests")
    given = parser.parse_args()
    try:
        raise SystemExit(_run(given))
    except Failed as failure:
        print(f"neo4j_server: {failure}", file=sys.stderr)
        raise SystemExit(1) from failure


def _run(given: argparse.Namespace) -> int:
    if given.command == "install":
        print(install())
        if given.gds:
            print(install_gds())
        return 0
    home = given.home.absolute()
    if given.command == "start":
        uri = start(
            home,
            given.port,
            given.password,
            read_only=given.read_only,
            heap=given.heap,
            quick=given.quick,
            gds=given.gds,
        )
        print(uri)
        return 0
    if given.command == "stop":
        print("stopped" if stop(home) else "not running")
        return 0
    state = running(home)
    print(f"running, process {state['pid']}, {state['uri']}" if state else "not running")
    return 0 if state else 3


if __name__ == "__main__":
    main()
