// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import { isDigest } from "../../../oci/digest.ts";
import { fileError } from "../../../files/system-error.ts";
import type { BuildRequest, BuildSecret } from "./build-request.ts";

const NAME = /^[^\s=,"]+$/;
const SECRET_BYTES = 500 * 1024;

/**
 * Checks a request before anything is started: names that no command line can carry, missing files, secrets that
 * are not there.
 * @throws OciError `invalid-argument`, `not-found`, `missing-input`
 */
export function checkRequest(
  request: BuildRequest,
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  checkNames(request);
  expectPath(request.context, "directory", "the build's context");
  expectPath(request.dockerfile, "file", "the Dockerfile");
  for (const [name, context] of Object.entries(request.contexts ?? {})) {
    if (context.kind === "image") continue;
    expectPath(context.path, "directory", `the context ${quote(name)}`);
    if (context.kind === "layout" && !isDigest(context.digest)) {
      throw invalid(`context ${quote(name)}: expected a digest, got ${quote(context.digest)}`);
    }
  }
  for (const secret of request.secrets ?? []) checkSecret(secret, env);
}

function checkNames(request: BuildRequest): void {
  const named: readonly (readonly [what: string, names: readonly string[]])[] = [
    ["build argument", Object.keys(request.buildArgs ?? {})],
    ["named context", Object.keys(request.contexts ?? {})],
    ["label", Object.keys(request.labels ?? {})],
    ["annotation", Object.keys(request.annotations ?? {})],
    ["secret", (request.secrets ?? []).map(({ id }) => id)],
    ["ssh forward", (request.ssh ?? []).map(({ id }) => id)],
    ["host name", Object.entries(request.addHosts ?? {}).flat()],
  ];
  for (const [what, names] of named) {
    for (const name of names) {
      if (NAME.test(name)) continue;
      throw invalid(
        `${what}: expected a name without spaces, commas, quotes and "=", got ${quote(name)}`,
      );
    }
  }
  refuseNul(request);
}

/** No argument of a program can hold a NUL: the system would cut it off there. */
function refuseNul(request: BuildRequest): void {
  const { buildArgs = {}, labels = {}, annotations = {} } = request;
  for (const [name, value] of [buildArgs, labels, annotations].flatMap((all) =>
    Object.entries(all),
  )) {
    if (value.includes("\0"))
      throw invalid(`${name}: expected text without NUL, got ${quote(value)}`);
  }
}

function checkSecret(secret: BuildSecret, env: Readonly<Record<string, string | undefined>>): void {
  if ("file" in secret) {
    const size = expectPath(secret.file, "file", `the secret ${quote(secret.id)}`);
    if (size <= SECRET_BYTES) return;
    throw invalid(
      `secret ${quote(secret.id)}: expected at most ${SECRET_BYTES} bytes, which is BuildKit's limit, got ${size}`,
    );
  }
  if (env[secret.env] !== undefined) return;
  throw new OciError(
    "missing-input",
    `secret ${quote(secret.id)}: expected its value in the environment variable ${secret.env}, which is not set`,
    { details: { secret: secret.id, env: secret.env }, hint: `Set ${secret.env} and try again.` },
  );
}

/** @returns its size */
function expectPath(path: string, kind: "directory" | "file", purpose: string): number {
  let stats;
  try {
    stats = statSync(path);
  } catch (error) {
    throw fileError("unreadable", path, error, purpose);
  }
  if (kind === "directory" ? stats.isDirectory() : stats.isFile()) return stats.size;
  throw invalid(`${quote(path)}: expected a ${kind} for ${purpose}, got something else`);
}

function invalid(message: string): OciError {
  return new OciError("invalid-argument", message);
}
