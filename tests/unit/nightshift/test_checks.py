"""What the doctor says of who can read a home."""

from nightshift.cli import checks
from utils.config import Settings
from utils.storage import private


def test_the_doctor_names_what_others_can_read_and_how_to_close_it(settings: Settings) -> None:
    private.login(settings.login_file)
    settings.home.chmod(0o755)
    settings.login_file.chmod(0o644)
    (found,) = checks._access(settings)
    assert found.state == checks.WARNING
    assert str(settings.home) in found.found
    assert str(settings.login_file) in found.found
    assert found.remedy == f"chmod -R go= {settings.home}"


def test_a_closed_home_is_in_order_whatever_lies_in_it(settings: Settings) -> None:
    settings.home.chmod(0o700)
    (found,) = checks._access(settings)
    assert (found.state, found.remedy) == (checks.OK, "")
