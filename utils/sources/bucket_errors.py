"""What is wrong with a bucket, said alike for each provider, and what to do about it."""

from __future__ import annotations

from utils.errors import PermanentError, RetryableError, SettingsError, ThrottledError
from utils.models.sanitize import visible
from utils.processes import retry_after
from utils.sources.bucket_place import Place, Service, Way

_KEY_CHARACTERS = 200
_CREDENTIALS = {
    Service.S3: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws/credentials or a role",
    Service.AZURE: "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, "
    "`az login` or a managed identity",
    Service.GCS: "GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login` or the "
    "machine's service account",
}
_LIST = {
    Service.S3: "s3:ListBucket on arn:aws:s3:::{bucket}",
    Service.AZURE: "the role Storage Blob Data Reader, or a signature with the permissions r and l",
    Service.GCS: "storage.objects.list (the role Storage Object Viewer)",
}
_READ = {
    Service.S3: "s3:GetObject on arn:aws:s3:::{bucket}/*",
    Service.AZURE: "the role Storage Blob Data Reader, or a signature with the permission r",
    Service.GCS: "storage.objects.get (the role Storage Object Viewer)",
}


def short(key: str) -> str:
    """A key on one line, and not longer than a line or two."""
    line = visible(key)
    return line if len(line) <= _KEY_CHARACTERS else f"{line[:_KEY_CHARACTERS]}…"


def missing(place: Place) -> PermanentError:
    """There is no such bucket."""
    return PermanentError(
        f"There is no bucket {place.bucket} at {place.service}: it was removed or renamed, or the "
        "account is another. Correct the source's address (`nightshift source update`), or remove "
        "the source."
    )


def forbidden(place: Place, key: str | None, said: str) -> PermanentError:
    """Whoever we are may not; ``key``: what was to be read, None for a listing."""
    doing = f"listing {place.shown}" if key is None else f"reading {short(key)} in {place.shown}"
    needed = (_LIST if key is None else _READ)[place.service].format(bucket=place.bucket)
    return PermanentError(
        f"{place.service} forbids {doing} ({said}). It needs {needed}; credentials come from "
        f"{_CREDENTIALS[place.service]}."
    )


def refused_credentials(place: Place, said: str) -> PermanentError:
    """The provider does not know the credentials, or no longer."""
    return PermanentError(
        f"{place.service} does not accept the credentials for {place.shown} ({said}). They come "
        f"from {_CREDENTIALS[place.service]}."
    )


def no_credentials(place: Place) -> PermanentError:
    """There are none on this machine."""
    return PermanentError(
        f"There are no credentials for {place.shown}. Give {_CREDENTIALS[place.service]}; for a "
        "bucket that everybody may read set the source's option anonymous=true."
    )


def changed(place: Place, key: str) -> RetryableError:
    """Another content than the one that was listed is there now."""
    return RetryableError(
        f"{short(key)} in {place.shown} changed while it was read. It is taken as it is then with "
        "the next look."
    )


class Gone(RetryableError):
    """An object that was listed is not there."""


def gone(place: Place, key: str) -> Gone:
    """It was there when it was listed."""
    return Gone(
        f"{short(key)} vanished from {place.shown} since it was listed. The next look notes it."
    )


def cut(place: Place, key: str, said: str) -> RetryableError:
    """Fewer bytes came than there are."""
    return RetryableError(f"{short(key)} in {place.shown} was cut short ({said}). Try again.")


def damaged(place: Place, key: str, said: str) -> RetryableError:
    """What came is not what the service says it gave."""
    return RetryableError(
        f"{short(key)} came damaged from {place.shown} ({said}). If it stays so, put it there "
        "again."
    )


def too_large(place: Place, key: str) -> PermanentError:
    """It would not end."""
    return PermanentError(
        f"{short(key)} in {place.shown} is larger than NIGHTSHIFT_MAX_DOWNLOAD_BYTES."
    )


def throttled(place: Place, delay: str | None) -> ThrottledError:
    """The provider wants fewer requests; ``delay``: its Retry-After."""
    seconds = retry_after.seconds(delay)
    return ThrottledError(f"{place.service} wants fewer requests for {place.shown}.", seconds)


def no_answer(place: Place, said: str, way: Way) -> PermanentError | RetryableError:
    """Nobody was reached, or our proxy would not connect there."""
    if way.refused:
        return PermanentError(f"{place.endpoint} is not connected to: {way.refused[-1]}")
    if way.unreachable:
        said = way.unreachable[-1]
    return RetryableError(
        f"{place.endpoint or place.service} does not answer for {place.shown}: {said}. Is there a "
        "network, is the endpoint right?"
    )


def stuck(place: Place, said: str) -> RetryableError:
    """A listing that would not end."""
    return RetryableError(
        f"The listing of {place.shown} does not get on: {said}. Look again later; if it stays so, "
        "the server is broken."
    )


def answered(place: Place, status: int | None, said: str) -> PermanentError | RetryableError:
    """Some other refusal, by its status: from 500 on it may pass."""
    passes = status is None or status >= 500 or status == 408
    kind = RetryableError if passes else PermanentError
    return kind(f"{place.service} answered {status or 'strangely'} for {place.shown}: {said}")


def not_installed(service: Service) -> SettingsError:
    """The library for a service is an extra."""
    return SettingsError(
        f"Buckets of {service} need more libraries: pip install 'nightshift[buckets]'."
    )
