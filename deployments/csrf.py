"""What Prefect's server wants beside the password, of those who ask it without Prefect."""

from __future__ import annotations

import httpx


def headers(client: httpx.Client, api_url: str, name: str) -> dict[str, str]:
    """The headers that a POST of ``client`` needs; none where the server has none to give.

    Args:
        client: Knows the server's password.
        api_url: Of the server, without a slash at its end.
        name: Of who asks: a token belongs to a name.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    told = client.get(f"{api_url}/csrf-token", params={"client": name})
    if told.is_client_error:  # 422 where it asks for no token; what else is wrong the POST meets
        return {}
    token = str(told.raise_for_status().json()["token"])
    return {"Prefect-Csrf-Client": name, "Prefect-Csrf-Token": token}
