"""Users, keys and tokens."""

from __future__ import annotations

from .._transport import given, path
from ..errors import APIError
from ..views.auth import (
    ApiKeyCreated,
    ApiKeyDeleted,
    ApiKeyList,
    Jwks,
    Login,
    Me,
    User,
    UserDeleted,
    UserList,
)
from .base import Resource

_AUTH = "/api/v1/auth"


class Auth(Resource):
    """Who may do what. A login here is the client's own: its token goes along with every later request."""

    async def login(self, username: str, password: str) -> Login:
        """Gets a token, and renews it from then on before it ends."""
        body = {"username": username, "password": password}
        return await self._take(f"{_AUTH}/login", body)

    async def refresh(self, refresh_token: str | None = None) -> Login:
        """Renews the token. Done by itself before it ends.

        :param refresh_token: the client's own when left out
        """
        used = refresh_token or self._transport.credentials.refresh_token
        if used is None:
            raise ValueError("there is no refresh token: log in first, or give one")
        return await self._take(f"{_AUTH}/refresh", {"refresh_token": used})

    async def logout(self, refresh_token: str | None = None) -> None:
        """Revokes the token and what renews it; the client is nobody afterwards.

        :param refresh_token: the client's own when left out
        """
        credentials = self._transport.credentials
        body = given(refresh_token=refresh_token or credentials.refresh_token) or None
        try:
            await self._transport.request("POST", f"{_AUTH}/logout", body=body)
        except APIError as error:
            # It counts for nothing already.
            if error.status != 401:
                raise
        credentials.forget()

    async def me(self) -> Me:
        """Who the node takes the client for."""
        return await self._transport.get(Me, f"{_AUTH}/me")

    async def jwks(self) -> Jwks:
        """Public keys that tokens are signed with."""
        return await self._transport.get(Jwks, f"{_AUTH}/jwks")

    async def users(self) -> UserList:
        """Users of the swarm."""
        return await self._transport.get(UserList, f"{_AUTH}/users")

    async def create_user(self, *, username: str, password: str, role: str) -> User:
        """Adds a user.

        :param role: viewer, operator or admin
        """
        body = {"username": username, "password": password, "role": role}
        return await self._transport.send(User, "POST", f"{_AUTH}/users", body=body)

    async def update_user(self, username: str, *, password: str | None = None, role: str | None = None) -> User:
        """Changes a user's password or role."""
        url = path(_AUTH + "/users/{name}", name=username)
        body = given(password=password, role=role)
        return await self._transport.send(User, "PUT", url, body=body)

    async def delete_user(self, username: str) -> UserDeleted:
        """Deletes a user."""
        url = path(_AUTH + "/users/{name}", name=username)
        return await self._transport.send(UserDeleted, "DELETE", url)

    async def keys(self) -> ApiKeyList:
        """Keys for machines."""
        return await self._transport.get(ApiKeyList, f"{_AUTH}/keys")

    async def create_key(self, *, name: str, role: str, expires_in: float | str | None = None) -> ApiKeyCreated:
        """Makes a key for a machine; it is shown this once.

        :param expires_in: as the API takes it
        """
        body = given(name=name, role=role, expires_in=expires_in)
        return await self._transport.send(ApiKeyCreated, "POST", f"{_AUTH}/keys", body=body)

    async def delete_key(self, name: str) -> ApiKeyDeleted:
        """Deletes a key."""
        url = path(_AUTH + "/keys/{name}", name=name)
        return await self._transport.send(ApiKeyDeleted, "DELETE", url)

    async def _take(self, url: str, body: dict[str, str]) -> Login:
        answer = await self._transport.send(Login, "POST", url, body=body, renew=False)
        self._transport.credentials.take(answer)
        return answer
