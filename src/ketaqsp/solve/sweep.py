"""One implicit step along the chain: each block solved given what lies upstream of it.

Arrays have patients last. At a step a name holds its values at the three nodes, (3, n); a
parameter is a number or (n,). States read upstream of where they are solved (mood's stress, read
by spine loss) are extrapolated from an earlier step's polynomial: they are slow.
"""

import numpy as np

from ketaqsp.blocks import Algebra, Competition, Turnover
from ketaqsp.solve import radau

NEGATIVE = -1e-6  # a state below this (relative to rest = 1) is a failure of the step


class Sweep:
    """The compiled order of a model's sweep for one set of parameter values."""

    def __init__(self, model, values, n, varying=()):
        self.model, self.n = model, n
        self.values = values
        fixed = set(values) - set(varying)  # an intervention changes with time
        self.constant_loss = {
            b.name: b.loss(values)
            for b in model.sweep
            if isinstance(b, Turnover) and set(b.loss.names) <= fixed
        }
        self.constant_off = {
            b.name: [np.asarray(t(values), dtype=float) for t in b.off]
            for b in model.sweep
            if isinstance(b, Competition) and all(set(t.names) <= fixed for t in b.off)
        }
        self._inverses, self._rates = {}, {}
        self.error = np.zeros(n)  # the largest estimate of a step's error so far, inf if negative

    def start(self):
        """States before the first dose: {name: (n,)}."""
        out = {}
        for block in self.model.sweep:
            if isinstance(block, Turnover):
                out[block.name] = np.broadcast_to(
                    np.asarray(block.start(self.values), dtype=float), (self.n,)
                ).copy()
            elif isinstance(block, Competition):
                out.update({name: np.zeros(self.n) for name in block.bound})
        return out

    def step(self, state, nodes, h, backward, judged):
        """State after a step of h, and the node values of the backward states.

        nodes: signals of the linear part and inputs at the nodes. backward: {name: (3, n)}.
        judged: whether the step's error counts.
        """
        after, env = self.walk(state, nodes, h, backward)
        self._judge(state, env, h, after, backward, judged)
        return after, {name: env[f"new {name}"] for name in backward}

    def walk(self, state, nodes, h, backward):
        """State after a step of h, and every value at its nodes (`new x` for a backward x)."""
        env = {**self.values, **nodes, **backward}
        after = {}
        for block in self.model.sweep:
            if isinstance(block, Algebra):
                env[block.name] = block.value(env)
            elif isinstance(block, Turnover):
                x = self._turnover(block, state[block.name], env, h)
                if block.name not in backward:
                    env[block.name] = x
                else:
                    env[f"new {block.name}"] = x
                after[block.name] = x[2]
            else:
                self._competition(block, state, env, h, after)
        return after, env

    def _turnover(self, block, start, env, h):
        if block.name in self.constant_loss:
            key = (block.name, h)
            inverse = self._inverses.get(key)
            if inverse is None:
                inverse = radau.turnover_inverse(h, self.constant_loss[block.name])
                self._inverses[key] = inverse
        else:
            loss = block.loss(env)
            inverse = radau.turnover_inverse(h, np.broadcast_to(loss, (3, self.n)))
        return radau.stages(inverse, start, h, block.production(env))

    def _judge(self, state, env, h, after, backward, judged):
        """Takes note of the error of each state on this step, and of a negative end."""
        for block in self.model.sweep:
            if not isinstance(block, Turnover):
                continue
            name, start = block.name, state[block.name]
            x = env[f"new {name}" if name in backward else name]
            loss = np.broadcast_to(block.loss(env), (3, self.n))
            made = np.broadcast_to(block.production(env), (3, self.n))
            if judged and name in self._rates:
                size = h * radau.SHARE * self._rates[name] + radau.SPREAD @ (x - start)
                size = np.abs(size) / (1 + h * radau.SHARE * loss[0])
                self.error = np.fmax(self.error, size)
            self._rates[name] = made[2] - loss[2] * x[2]
        for x in after.values():
            self.error[x < NEGATIVE] = np.inf

    def _competition(self, block, state, env, h, after):
        """Ligands share free sites: reduce to one 3x3 system in the total U = sum B.

        B_l = N_l (B0_l + h A on_l (1 - U)) with N_l = (I + h A off_l)^-1; summing over l gives
        (I + K) U = R with K = sum N_l h A diag(on_l), R = sum N_l (B0_l + h A on_l).
        """
        ons = [np.broadcast_to(t(env), (3, self.n)) for t in block.on]
        total_k = np.zeros((3, 3, self.n))
        total_r = np.zeros((3, self.n))
        parts = []
        for i, (name, on) in enumerate(zip(block.bound, ons, strict=True)):
            inverse, weighted = self._gain(block, i, env, h)  # (N, N h A): 3x3 or (3, 3, n)
            if weighted.ndim == 2:
                k = weighted[:, :, None] * on[None]
                # Rows of h A sum to h c; a start value is the same at every node.
                r = inverse.sum(axis=1)[:, None] * state[name] + weighted @ on
            else:
                k = weighted * on[None]
                r = inverse.sum(axis=1) * state[name] + k.sum(axis=1)
            parts.append((name, k, r))
            total_k += k
            total_r += r
        for j in range(3):
            total_k[j, j] += 1.0
        u = np.einsum("ijn,jn->in", radau.inverse3(total_k), total_r)
        env[block.name] = u
        for name, k, r in parts:
            bound = r - np.einsum("ijn,jn->in", k, u)
            after[name] = bound[2]

    def _gain(self, block, i, env, h):
        key = (block.name, i, h)
        if key in self._inverses:
            return self._inverses[key]
        constant = block.name in self.constant_off
        off = self.constant_off[block.name][i] if constant else np.asarray(block.off[i](env))
        inverse = radau.turnover_inverse(h, off)
        if inverse.ndim == 2:
            weighted = inverse @ (h * radau.A)
        else:
            weighted = np.einsum("ijn,jk->ikn", inverse, h * radau.A)
        if constant:
            self._inverses[key] = (inverse, weighted)
        return inverse, weighted
