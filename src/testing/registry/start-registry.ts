// SPDX-License-Identifier: MIT
import { mkdtempSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "../../files/remove-tree.ts";
import { serveRegistry, type Intercept, type ServeOptions } from "../../server/serve.ts";
import type { ServerEvent } from "../../server/listen/server-event.ts";
import { applyEffect } from "./apply-effect.ts";
import type { Fault } from "./fault.ts";
import { armFaults } from "./match-fault.ts";
import { PERSONALITIES, type PersonalityName } from "./personalities.ts";

/** What {@link startRegistry} takes: the options of a registry, and what goes wrong with it. */
export interface StartRegistryOptions extends Omit<
  ServeOptions,
  "directory" | "intercept" | "onEvent"
> {
  /** Default: a temporary one, which is removed when the registry closes. */
  readonly directory?: string | undefined;
  /** What goes wrong from the start. */
  readonly faults?: readonly Fault[] | undefined;
  /** Answer as another registry does. */
  readonly personality?: PersonalityName | undefined;
}

/** A registry for tests. */
export interface TestRegistry extends AsyncDisposable {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  /** As in references: `127.0.0.1:41234` */
  readonly host: string;
  /** An OCI layout with everything that was pushed. */
  readonly directory: string;
  /** All requests so far, `GET /v2/a/manifests/1`, in order of their arrival. */
  readonly requests: readonly string[];
  /** All failures so far. */
  readonly events: readonly ServerEvent[];
  /** Lets more things go wrong. They come before those given earlier. */
  fail(...faults: readonly Fault[]): void;
  /** Takes all faults away, the personality's too. */
  heal(): void;
  /** Closes the registry and removes its temporary directory. Idempotent; the same as disposing. */
  close(): Promise<void>;
}

/**
 * Starts a real registry on a free port of 127.0.0.1 for tests of its clients, in any test runner:
 * `await using registry = await startRegistry()`.
 * @throws OciError as `serveRegistry`
 */
export async function startRegistry(options: StartRegistryOptions = {}): Promise<TestRegistry> {
  const { directory, faults = [], personality, ...serve } = options;
  const place = directory ?? mkdtempSync(join(tmpdir(), "oci-kit-registry-"));
  const armed = armFaults([...faults, ...(personality ? PERSONALITIES[personality] : [])]);
  const requests: string[] = [];
  const events: ServerEvent[] = [];
  const held: IncomingMessage[] = [];
  const intercept: Intercept = (request, response, next) => {
    requests.push(`${request.method} ${request.url}`);
    const hold = (silent: IncomingMessage): void => void held.push(silent);
    const passing = { request, response, url: server.url, hold };
    if (armed.effectsOn(request).every((effect) => applyEffect(effect, passing))) next();
  };
  const server = await serveRegistry({
    ...serve,
    directory: place,
    intercept,
    onEvent: (event) => events.push(event),
  });
  let closed: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    for (const { socket } of held) socket.destroy();
    await server.close();
    if (directory === undefined) await removeTree(place);
  };
  const close = (): Promise<void> => (closed ??= closeAll());
  return {
    url: server.url,
    host: server.url.replace(/^https?:\/\//, ""),
    directory: place,
    requests,
    events,
    fail: (...added) => armed.add(...added),
    heal: () => armed.clear(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
