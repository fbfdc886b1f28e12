"""Settings from the environment (`SALESOS_…`) or a `.env` file. Every default is safe: nothing leaves the machine."""

from enum import StrEnum
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import FixConfiguration


class DeliveryMode(StrEnum):
    """What happens to an approved mail."""

    HOLD = "hold"  # stays in the outbox; nothing is written anywhere
    FOLDER = "folder"  # an .eml file in the data directory: the default
    SMTP = "smtp"  # really leaves the building, through the mailbox's own server


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SALESOS_", env_file=".env", extra="ignore", frozen=True)

    # Where things live.
    data_dir: Path = Path(".salesos")
    database_url: str = ""  # empty: SQLite in data_dir; postgresql://… for many workers
    admin_database_url: str = ""  # the owner's connection, for migrations under row-level security
    public_url: str = "http://127.0.0.1:8700"  # what unsubscribe and booking links start with
    host: str = "127.0.0.1"
    port: int = Field(default=8700, ge=1, le=65535)

    # Keys. Empty: a key file is made in data_dir on `salesos init`, readable by its owner only.
    # "id:base64,id:base64": the first seals, all of them open (rotation: put the new key in front).
    master_keys: SecretStr = SecretStr("")

    # Sending. The global ceiling: a mailbox can only be stricter.
    delivery: DeliveryMode = DeliveryMode.FOLDER
    send_delay_seconds: int = Field(default=60, ge=0, le=3600)  # a rep can undo an approval within it
    approval_ttl_hours: int = Field(default=72, ge=1)
    # Whether people may point a mailbox at a server within this network (a relay, a server on this machine) in the
    # console or through the API. Off: whoever signs in cannot make this process talk to what only it can reach.
    mail_private_hosts: bool = False

    # Listen to IMAP inboxes (IDLE), one connection each, by one worker. Off: they are read on a timer alone.
    inbox_idle: bool = True

    # The applications that people let into their mail, as Google and Microsoft registered them. A mailbox may name its
    # own instead. Redirect address of both: <public url>/mailboxes/connect/back
    google_client_id: str = ""
    google_client_secret: SecretStr = SecretStr("")
    google_push_topic: str = ""  # "projects/…/topics/…", where Gmail tells changes of inboxes; empty: read on a timer
    microsoft_client_id: str = ""
    microsoft_client_secret: SecretStr = SecretStr("")
    # Microsoft posts that mail came, to the public URL, which it must reach by https. Off: inboxes are read on a timer.
    microsoft_push: bool = False
    microsoft_tenant: str = "common"  # "organizations", or the directory's id: who may sign in

    # Whether people may connect a calendar server within this network, and over plain http. Off: as with mailboxes,
    # whoever signs in cannot make this process talk to what only it can reach.
    calendar_private_hosts: bool = False

    # Reading the web. Off: enrichment says "unknown, because fetching is off".
    web_fetch: bool = False
    web_fetch_concurrency: int = Field(default=8, ge=1, le=64)
    # Who asks: a name and an address ("Acme Inc admin@acme.com"), told to the few public sources that want to know it
    # (the SEC refuses whoever names nobody). Empty: those are not asked.
    web_contact: str = ""

    # Asking mail servers whether a mailbox exists. By RCPT TO and never by a mail, few times an hour a domain. Off:
    # addresses are checked by syntax, lists and DNS alone. Whoever asks may get listed for it.
    smtp_probe: bool = False
    smtp_probe_source: str = ""  # the local address to ask from, so that it is not the one that sends mail

    # Rate limits, and whose word counts on where a request comes from.
    rate_limit_factor: float = Field(default=1.0, ge=0, le=1000)  # makes every limit larger or smaller; 0: none at all
    rate_limit_storage: str = ""  # empty: counted in this process; redis://host:6379/0 where several processes serve
    trusted_proxies: str = ""  # addresses or networks, with commas, whose X-Forwarded-For is believed

    # Single sign-on with a provider inside one's own network; on this very machine also over plain http.
    sso_private: bool = False

    # Webhooks to private addresses and over plain http, for receivers inside one's own network.
    webhook_private: bool = False

    # Language model: any OpenAI-compatible endpoint; empty means templates and rules serve.
    llm_base_url: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_model: str = ""
    llm_fallback_base_url: str = ""
    llm_fallback_api_key: SecretStr = SecretStr("")
    llm_fallback_model: str = ""
    llm_deadline_seconds: float = Field(default=20.0, gt=0, le=300)
    # What a token costs, in millionths of a cent of the currency below (vendors list dollars per million tokens).
    llm_price_in_micro_cents: int = Field(default=0, ge=0)
    llm_price_out_micro_cents: int = Field(default=0, ge=0)

    # Workers.
    worker_concurrency: int = Field(default=8, ge=1, le=128)
    lease_seconds: int = Field(default=120, ge=5)  # longer than twice the slowest provider time-out
    sweep_seconds: float = Field(default=5.0, gt=0)
    cohort_size: int = Field(default=500, ge=1, le=1000)

    # Database pool, per process.
    pool_size: int = Field(default=5, ge=1)

    log_level: str = "INFO"
    log_json: bool = False

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @cached_property
    def store_url(self) -> str:
        """The SQLAlchemy URL of the business store. SQLAlchemy 2.1 reads postgresql:// as psycopg 3."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'salesos.db'}"
        if not self.database_url.startswith(("sqlite:", "postgresql:", "postgresql+psycopg:")):
            raise FixConfiguration(
                "SALESOS_DATABASE_URL is neither SQLite nor PostgreSQL.",
                hint="Use postgresql://user:password@host/database, or leave it empty for the embedded database.",
            )
        return self.database_url

    @property
    def is_postgres(self) -> bool:
        return self.store_url.startswith("postgresql")

    @property
    def checkpoint_path(self) -> Path:
        """Checkpoints live in a file of their own: one long writer would lock the other out."""
        return self.data_dir / "checkpoints.db"
