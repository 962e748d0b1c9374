"""Answers as a node gives them."""

from __future__ import annotations

from typing import Any

NODE: dict[str, Any] = {
    "id": "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
    "name": "gpu1",
    "address": "192.168.1.100:9473",
    "status": "active",
    "role": "leader",
    "model_hash": None,
    "last_seen": "2026-11-24T03:40:37.825Z",
    "performance": {
        "training_speed": 0.95,
        "memory_usage": 0.67,
        "network_latency": None,
        "samples_per_second": 525.398,
    },
}

TOKEN: dict[str, Any] = {
    "token": "t1",
    "token_type": "Bearer",
    "expires_at": "2999-01-01T00:00:00Z",
    "expires_in": 86400,
    "refresh_token": "r1",
    "refresh_expires_at": "2999-02-01T00:00:00Z",
    "role": "admin",
    "username": "admin",
}


def training(status: str = "running", height: int = 3, session: str | None = "training_1") -> dict[str, Any]:
    """A training status."""
    return {
        "session_id": session,
        "status": status,
        "progress": {"epoch": 1, "total_epochs": 2, "loss": 2.5, "height": height, "rounds": 9},
        "nodes": [],
        "dataset": "builtin:moby-dick",
        "strategy": "cooperative_sgd",
        "model": {"type": "gpt2", "hidden_size": 16},
        "model_hash": None,
        "validation": {"first": None, "last": None},
        "samples_per_second": 10.5,
        "warnings": [],
        "created_at": "2026-11-24T03:40:34.582Z",
        "created_by": None,
        "round_opened_at": None,
        "ended_at": None,
        "reason": None,
    }
