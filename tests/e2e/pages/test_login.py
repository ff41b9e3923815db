"""Logging in as a person does."""

from tests.pages import PASSWORD, Site, faults_of
from utils.db import users
from utils.db.session import session
from utils.models.page_settings import Role


def test_somebody_logs_in_with_name_and_password_and_out_again(site: Site) -> None:
    with session() as s:
        users.create(s, "Søren", PASSWORD, Role.EDITOR)
    page = site.open("/login", None)
    assert faults_of(page) == []
    page.get_by_label("Name").fill("SØREN")
    page.get_by_label("Password").fill("what it is not")
    page.get_by_role("button", name="Log in").first.click()
    assert "don't fit" in page.get_by_role("alert").inner_text()
    page.get_by_label("Name").fill("søren")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").first.click()
    page.locator("summary", has_text="Account").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
