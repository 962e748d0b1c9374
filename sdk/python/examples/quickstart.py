# %% [markdown]
# # A first session
#
# Cells, as in a notebook: editors that know `# %%` run them one by one. As a script, since cells may `await`:
# `python tools/run_cells.py examples/quickstart.py`.
#
# It needs a node on this machine; `npm start` in the repository starts three.

# %%
import os

import ncrsh_swarm as swarm

client = swarm.SwarmClient(
    base_url=os.environ.get("SWARM_URL", "http://localhost:8080"),
    auth_token=os.environ.get("SWARM_TOKEN"),
)

# %% [markdown]
# Where tokens are asked for, log in; the token is renewed by itself from then on.

# %%
if password := os.environ.get("SWARM_PASSWORD"):
    token = await client.auth.login(os.environ.get("SWARM_USER", "admin"), password)
    print(f"logged in as {token.username} ({token.role})")

# %% [markdown]
# ## Who is there

# %%
nodes = await client.nodes.list()
for node in nodes.nodes:
    print(node.name or node.id, node.status, node.role, node.performance.samples_per_second)

# %% [markdown]
# ## Train

# %%
try:
    training = await client.training.start(
        dataset="builtin:moby-dick",
        rounds=5,
        batch_size=4,
        inner_steps=4,
        model={"type": "gpt2", "hidden_size": 16, "num_layers": 1, "num_heads": 2, "context_length": 16},
    )
except swarm.TrainingInProgressError as error:
    training = await client.training.status()
    print("one runs already:", error.details["session_id"])

# %%
async for progress in client.training.stream_progress():
    print(f"version {progress.height}: epoch {progress.epoch}, loss {progress.loss}")

# %% [markdown]
# ## Take the model home

# %%
assert training.session_id is not None
file = await client.models.download(training.session_id, f"{training.session_id}.tar")
print(f"{file.path}: {file.bytes} bytes, hashes checked: {file.verified}")

# %%
await client.aclose()
