// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLayout } from "../../../store/layout/layout.ts";
import { buildImage } from "../../../testing/build-image.ts";
import type { BuildEvent } from "../progress/build-event.ts";
import type { BuildRequest } from "../request/build-request.ts";
import { build, planBuild, type BuildOutcome } from "./build.ts";

// What a real BuildKit never does on demand: a script in its place that breaks off its progress, lies, or ends badly.

let directory: string;
let digest: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-build-"));
  mkdirSync(join(directory, "context"));
  writeFileSync(join(directory, "context", "Dockerfile"), "FROM scratch\n");
  const made = await openLayout(join(directory, "made"), { create: true });
  const { descriptor } = await buildImage(made, { layers: [{ a: "1" }], tag: "latest" });
  ({ digest } = descriptor);
});
afterEach(() => rmSync(directory, { recursive: true }));

const PARTS = `
for word; do case "$word" in
  --metadata-file=*) metadata=\${word#*=};;
  --output=*dest=*) dest=\${word#*dest=}; dest=\${dest%%,*};;
esac; done
layout() { cp -r "$HERE/made" "$dest"; mkdir "$dest/ingest"; }
told() { echo "{\\"containerimage.digest\\":\\"$1\\"}" >"$metadata"; }
`;

/** Builds with a script as the builder's program; `layout` and `told DIGEST` are what a builder does. */
function buildWith(
  lines: string,
  change: Partial<BuildRequest> = {},
  onProgress?: (event: BuildEvent) => void,
): Promise<BuildOutcome> {
  const program = join(directory, "builder");
  const script = `#!/bin/sh\nHERE='${directory}'\nDIGEST='${digest}'\n${PARTS}\n${lines}\n`;
  writeFileSync(program, script, { mode: 0o755 });
  const builder = {
    kind: "buildx",
    program,
    name: undefined,
    identity: "",
    caps: false,
    platforms: [],
  } as const;
  return build(builder, request(change), { ...options(), onProgress });
}

function request(change: Partial<BuildRequest> = {}): BuildRequest {
  return {
    context: join(directory, "context"),
    dockerfile: join(directory, "context", "Dockerfile"),
    platform: { os: "linux", architecture: "amd64" },
    output: { kind: "layout", directory: join(directory, "out") },
    ...change,
  };
}

function options() {
  const [contexts, logs] = [join(directory, "cache"), join(directory, "logs")];
  return { stage: "demo", contexts, logs };
}

/** Nothing of a failed build is left but its log. */
function expectNothingLeft(): void {
  expect(readdirSync(directory).filter((name) => name === "out" || name.startsWith("."))).toEqual(
    [],
  );
  expect(readdirSync(join(directory, "cache"))).toEqual([]);
}

describe("what decides whether a build succeeded", () => {
  it("is status and digest: progress that breaks off fails nothing, and is told", async () => {
    const events: BuildEvent[] = [];
    const outcome = await buildWith(
      `echo '{"vertexes":[{"digest":"a","name":"one"' >&2; layout; told "$DIGEST"`,
      {},
      (event) => events.push(event),
    );
    expect(outcome.descriptor.digest).toBe(digest);
    expect(outcome.remarks).toEqual(["1 lines of the builder's progress could not be read"]);
    expect(events).toEqual([{ kind: "progress-broken" }]);
    expect(readdirSync(join(directory, "out")).sort()).toEqual([
      "blobs",
      "index.json",
      "oci-layout",
    ]);
  });

  it("is not its progress: all steps done and a bad status is a failure", async () => {
    const done = `{"vertexes":[{"digest":"a","name":"[1/1] RUN x","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:01Z"}]}`;
    const failing = buildWith(`echo '${done}' >&2; layout; told "$DIGEST"; exit 4`);
    await expect(failing).rejects.toMatchObject({ code: "build-failed", part: "builder" });
    expectNothingLeft();
  });

  it("is not the status alone: a builder that says no digest, or another one, is not believed", async () => {
    await expect(buildWith("layout")).rejects.toMatchObject({ code: "unreadable" });
    const other = `sha256:${"0".repeat(64)}`;
    await expect(buildWith(`layout; told ${other}`)).rejects.toMatchObject({
      code: "digest-mismatch",
      details: { expected: other, got: digest },
    });
    await expect(buildWith(`told "$DIGEST"`)).rejects.toMatchObject({ code: "not-found" });
    expectNothingLeft();
  });
});

it("a layout with something in it is never built over", async () => {
  mkdirSync(join(directory, "out"));
  writeFileSync(join(directory, "out", "mine"), "");
  await expect(buildWith(`layout; told "$DIGEST"`)).rejects.toMatchObject({
    code: "already-exists",
  });
  expect(readdirSync(join(directory, "out"))).toEqual(["mine"]);
});

it("an empty directory is taken as the layout", async () => {
  mkdirSync(join(directory, "out"));
  await buildWith(`layout; told "$DIGEST"`);
  expect(existsSync(join(directory, "out", "index.json"))).toBe(true);
});

it("what the program prints is in the log without its secrets, of any length and kind", async () => {
  writeFileSync(join(directory, "key"), "-----BEGIN\nline-of-the-key\n");
  process.env["OCI_KIT_TEST_SECRET"] = "from-env";
  await buildWith(`echo "ERROR from-env line-of-the-key" >&2; layout; told "$DIGEST"`, {
    secrets: [
      { id: "a", env: "OCI_KIT_TEST_SECRET" },
      { id: "b", file: join(directory, "key") },
    ],
  });
  expect(readFileSync(join(directory, "logs", "demo.log"), "utf8")).toBe("ERROR *** ***\n");
});

it("a local cache that was not exported leaves the old one, and one that was takes its place", async () => {
  const cache = join(directory, "caches", "sdk");
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, "index.json"), "old");
  const cacheTo = [{ kind: "local", directory: cache }] as const;
  await buildWith(`layout; told "$DIGEST"`, { cacheTo });
  expect(readFileSync(join(cache, "index.json"), "utf8")).toBe("old");
  rmSync(join(directory, "out"), { recursive: true });
  const exported = `for word; do case "$word" in --cache-to=*) to=\${word#*dest=}; to=\${to%%,*};; esac; done
    mkdir "$to"; echo new >"$to/index.json"; layout; told "$DIGEST"`;
  await buildWith(exported, { cacheTo });
  expect(readFileSync(join(cache, "index.json"), "utf8")).toBe("new\n");
  expect(readdirSync(join(directory, "caches"))).toEqual(["sdk"]);
});

it("a dry run's command leaves out a local cache that is not there yet", () => {
  const cacheFrom = [{ kind: "local", directory: join(directory, "none") }] as const;
  const builder = {
    kind: "buildx",
    program: "/d",
    name: undefined,
    identity: "",
    caps: false,
    platforms: [],
  } as const;
  const { words } = planBuild(builder, request({ cacheFrom }), options());
  expect(words.join(" ")).not.toContain("cache-from");
  expect(words).toContain(`--output=type=oci,tar=false,dest=${directory}/out,oci-mediatypes=true`);
});
