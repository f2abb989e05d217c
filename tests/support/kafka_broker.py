"""A real Kafka broker for tests: KRaft, one node, from jars that Maven resolves.

    pom.xml --mvn--> .cache/kafka/VERSION/*.jar --java--> Broker on 127.0.0.1

`NEWSWATCH_TEST_KAFKA=host:port` names a broker to use instead, where a test does not have to stop it.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.children import die_with_us
from tests.support.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
POM = Path(__file__).with_name("kafka") / "pom.xml"
NAMED = "NEWSWATCH_TEST_KAFKA"
USER, PASSWORD = "newswatch", "correct-horse-battery"
STORE_PASSWORD = "only-for-tests"
_TOOLS = {"java": "a Java runtime, 17 or newer (Debian: openjdk-17-jdk-headless)", "mvn": "Maven (Debian: maven)"}
_CONFIG = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=\
CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
log.dirs={folder}/log
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
sasl.enabled.mechanisms=SCRAM-SHA-512
"""


class NoBrokerError(Exception):
    """No Kafka can be started here; the message says what to install."""


def version() -> str:
    """The version of Kafka that the tests are made for: that of pom.xml."""
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    found = ET.parse(POM).find("m:dependencies/m:dependency/m:version", space)
    assert found is not None
    return str(found.text)


def missing_tools() -> list[str]:
    """What has to be installed before a broker can be started; nothing if it can."""
    if (_cache() / ".whole").exists():
        return [] if shutil.which("java") else [_TOOLS["java"]]
    return [words for tool, words in _TOOLS.items() if not shutil.which(tool)]


def description() -> str:
    """Which broker the tests run against, for the header of a test run."""
    if named := os.environ.get(NAMED):
        return f"kafka: {named} (named by {NAMED}); a Kafka {version()} of their own for the tests that stop it"
    if missing := missing_tools():
        return f"kafka: NONE, its tests are skipped: install {' and '.join(missing)}, or set {NAMED}=host:port"
    return f"kafka: {version()}, started by the tests"


def jars() -> Path:
    """The folder of the jars, filled by Maven if need be. Raises NoBrokerError."""
    folder = _cache()
    if missing := missing_tools():
        raise NoBrokerError(f"no Kafka: install {' and '.join(missing)}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".whole").exists():
            command = ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies"]
            command += ["-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                raise NoBrokerError(f"Maven cannot resolve {POM.name}: {(done.stdout + done.stderr).strip()[-500:]}")
            (folder / ".whole").touch()
    return folder


def _cache() -> Path:
    return ROOT / ".cache" / "kafka" / version()


@dataclass(frozen=True)
class Listener:
    """One way to reach the broker, named by its security protocol."""

    name: str
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


class Broker:
    """A broker with its data in `folder`; it keeps its ports and its data over restarts.

    A new object on a folder of an earlier one goes on with the data, on other ports.

    `secured` adds listeners with SCRAM, with TLS, and with both; certificates are made with keytool.
    """

    def __init__(self, folder: Path, *, secured: bool = False) -> None:
        self._folder = folder
        self._java = ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars()}/*"]
        self._process: subprocess.Popen[bytes] | None = None
        self._prepared = False
        protocols = ["PLAINTEXT", *(["SASL_PLAINTEXT", "SSL", "SASL_SSL"] if secured else [])]
        *ports, self._controller = free_ports(len(protocols) + 1)
        self.listeners = {name: Listener(name, port) for name, port in zip(protocols, ports, strict=True)}
        self._secured = secured
        self.ca = folder / "ca.pem"

    @property
    def address(self) -> str:
        return self.listeners["PLAINTEXT"].address

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when the broker listens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._folder / "server.properties"
        if not self._prepared:
            self._prepare(config)
            self._prepared = True
        with (self._folder / "broker.log").open("ab") as log:
            command = [*self._java[:1], "-Xmx256m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
            command += [*self._java[1:], "kafka.Kafka", str(config)]
            given: dict[str, Any] = {"preexec_fn": die_with_us, "start_new_session": True}
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **given)
        for listener in self.listeners.values():
            self._wait_for(listener)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freezes the broker; `resume` lets it go on."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _wait_for(self, listener: Listener) -> None:
        deadline = time.monotonic() + 60
        while True:
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NoBrokerError(f"the broker did not start: {(self._folder / 'broker.log').read_text()[-2000:]}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", listener.port)) == 0:
                    return
            time.sleep(0.05)

    def _prepare(self, config: Path) -> None:
        addresses = [f"{one.name}://{one.address}" for one in self.listeners.values()]
        lines = [_CONFIG.format(controller=self._controller, folder=self._folder)]
        lines += [f"listeners={','.join(addresses)},CONTROLLER://127.0.0.1:{self._controller}"]
        lines += [f"advertised.listeners={','.join(addresses)}"]
        if self._secured:
            store = self._make_certificate()
            lines += [f"ssl.keystore.location={store}", "ssl.keystore.type=PKCS12"]
            lines += [f"ssl.keystore.password={STORE_PASSWORD}", f"ssl.key.password={STORE_PASSWORD}"]
            module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            for name in ("sasl_plaintext", "sasl_ssl"):
                lines += [f"listener.name.{name}.scram-sha-512.sasl.jaas.config={module}"]
        config.write_text("\n".join(lines) + "\n")
        if (self._folder / "log" / "meta.properties").exists():
            return
        storage = [*self._java, "kafka.tools.StorageTool"]
        identity = subprocess.run([*storage, "random-uuid"], capture_output=True, text=True, check=True).stdout
        format_ = [*storage, "format", "-t", identity.strip().splitlines()[-1], "-c", str(config)]
        if self._secured:
            format_ += ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"]
        subprocess.run(format_, capture_output=True, check=True)

    def _make_certificate(self) -> Path:
        """A key store with a certificate for 127.0.0.1, and `ca`, with which clients can check it."""
        store = self._folder / "broker.p12"
        common = ["-alias", "broker", "-keystore", str(store), "-storepass", STORE_PASSWORD]
        make = ["keytool", "-genkeypair", *common, "-storetype", "PKCS12", "-keyalg", "RSA", "-validity", "2"]
        make += ["-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1", "-ext", "bc=ca:true"]
        subprocess.run(make, capture_output=True, check=True)
        show = ["keytool", "-exportcert", "-rfc", *common, "-file", str(self.ca)]
        subprocess.run(show, capture_output=True, check=True)
        return store
