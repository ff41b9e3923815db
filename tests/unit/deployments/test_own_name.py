"""What a server answers to the names and pages of others."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from deployments.own_name import ByOwnName


async def said(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


@pytest.fixture
def client() -> TestClient:
    routes = [Route("/", lambda _: PlainTextResponse("hello")), WebSocketRoute("/socket", said)]
    app = ByOwnName(Starlette(routes=routes), {"prefect-server"})
    return TestClient(app, base_url="http://127.0.0.1:4200")


@pytest.mark.parametrize("host", ["127.0.0.1:4200", "localhost:4200", "[::1]:4200",
                                  "prefect-server:4200", "LOCALHOST"])  # fmt: skip
def test_it_answers_by_its_own_names(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4200", "127.0.0.1.evil.example",
                                  "", "[", "10.0.0.7:4200"])  # fmt: skip
def test_a_foreign_name_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8000",
                                    "http://localhost:4200", "file://", "http://["])  # fmt: skip
def test_a_page_of_another_origin_is_refused(client: TestClient, origin: str) -> None:
    assert client.get("/", headers={"Origin": origin}).status_code == 403


def test_its_own_pages_are_answered(client: TestClient) -> None:
    assert client.get("/", headers={"Origin": "http://127.0.0.1:4200"}).status_code == 200
    behind = {"Origin": "https://prefect-server", "Host": "prefect-server"}  # a proxy with TLS
    assert client.get("/", headers=behind).status_code == 200


def test_a_websocket_is_looked_at_too(client: TestClient) -> None:
    with client.websocket_connect("ws://127.0.0.1:4200/socket") as socket:
        assert socket.receive_text() == "hello"
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(
        "ws://127.0.0.1:4200/socket", headers={"Origin": "http://evil.example"}
    ):  # fmt: skip
        pass
