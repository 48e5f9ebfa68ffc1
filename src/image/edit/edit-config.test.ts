// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from "vitest";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { editConfig, type ConfigEdits } from "./edit-config.ts";
import { readImage, type Image } from "../image.ts";
import { viewOf } from "./image-view.ts";

const SETTINGS = {
  User: "me",
  Env: ["PATH=/bin", "A=1", "B=2"],
  Entrypoint: ["/init"],
  Cmd: ["sh"],
  ExposedPorts: { "80/tcp": {} },
  Volumes: { "/data": {} },
  WorkingDir: "/srv",
  Labels: { one: "1", two: "2" },
  StopSignal: "SIGTERM",
  Healthcheck: { Test: ["NONE"] },
  OnBuild: ["RUN x"],
  Shell: ["/bin/sh", "-c"],
  ArgsEscaped: true,
};

let image: Image;

beforeEach(async () => {
  const store = createMemoryStore();
  const { descriptor } = await buildImage(store, {
    layers: [{ a: "1" }],
    config: SETTINGS,
    annotations: { keep: "k", go: "g" },
  });
  image = await readImage(store, descriptor);
});

function settingsAfter(edits: ConfigEdits): unknown {
  return editConfig(viewOf(image), edits).config.value.config;
}

describe("editConfig", () => {
  it.each<[string, ConfigEdits, Partial<Record<keyof typeof SETTINGS, unknown>>]>([
    [
      "sets a variable in its place",
      { env: { set: { A: "x=y", C: "" } } },
      { Env: ["PATH=/bin", "A=x=y", "B=2", "C="] },
    ],
    ["removes a variable", { env: { remove: ["A", "none"] } }, { Env: ["PATH=/bin", "B=2"] }],
    [
      "clears the environment before it sets",
      { env: { clear: true, set: { A: "2" } } },
      { Env: ["A=2"] },
    ],
    ["leaves an empty environment out", { env: { clear: true } }, { Env: undefined }],
    [
      "edits labels",
      { labels: { remove: ["one"], set: { two: "x", new: "n" } } },
      { Labels: { two: "x", new: "n" } },
    ],
    [
      "adds and removes ports",
      { exposedPorts: { remove: ["80"], add: ["53/udp"] } },
      { ExposedPorts: { "53/udp": {} } },
    ],
    [
      "adds and clears volumes",
      { volumes: { clear: true, add: ["/v"] } },
      { Volumes: { "/v": {} } },
    ],
    [
      "sets an entrypoint and leaves the command alone",
      { entrypoint: ["/a", "b"] },
      { Entrypoint: ["/a", "b"] },
    ],
    ["takes the command away", { cmd: null }, { Cmd: undefined }],
    ["sets user and directory", { user: "0:0", workingDir: "/" }, { User: "0:0", WorkingDir: "/" }],
    ["sets the signal", { stopSignal: "SIGINT" }, { StopSignal: "SIGINT" }],
    [
      "sets a health check",
      { healthcheck: { Test: ["CMD", "x"], Retries: 3 } },
      { Healthcheck: { Test: ["CMD", "x"], Retries: 3 } },
    ],
    ["takes a health check away", { healthcheck: null }, { Healthcheck: undefined }],
    [
      "edits what only Docker knows",
      { onBuild: null, shell: ["/bin/bash"], argsEscaped: false },
      { OnBuild: undefined, Shell: ["/bin/bash"], ArgsEscaped: false },
    ],
  ])("%s", (_, edits, expected) => {
    expect(settingsAfter(edits)).toEqual({ ...SETTINGS, ...expected });
  });

  it("changes author, time and platform, which are outside the settings", () => {
    const { config } = editConfig(viewOf(image), {
      author: "me",
      created: "2026-01-02T03:04:05+01:00",
      platform: { architecture: "arm", os: "linux", variant: "v7" },
    });
    const { architecture, os, variant, author, created, ...rest } = config.value;
    expect({ architecture, os, variant, author, created }).toEqual({
      architecture: "arm",
      os: "linux",
      variant: "v7",
      author: "me",
      created: "2026-01-02T03:04:05+01:00",
    });
    expect(rest).toMatchObject({ config: SETTINGS, history: image.config.value.history });
  });

  it("edits annotations of the manifest", () => {
    const { annotations } = editConfig(viewOf(image), {
      annotations: { remove: ["go"], set: { new: "n" } },
    });
    expect(annotations).toEqual({ keep: "k", new: "n" });
  });

  it("does not touch the view that it is given", () => {
    const view = viewOf(image);
    editConfig(view, { user: "other", annotations: { clear: true } });
    expect(view).toEqual(viewOf(image));
    expect(editConfig(view, { user: "me" }).config).toBe(view.config);
  });

  it.each<[string, ConfigEdits]>([
    ["a variable's name", { env: { set: { "A=B": "1" } } }],
    ["a label's name", { labels: { set: { "": "1" } } }],
    ["an annotation's name", { annotations: { set: { "": "1" } } }],
    ["a port", { exposedPorts: { add: ["0"] } }],
    ["a protocol", { exposedPorts: { remove: ["80/http"] } }],
    ["a volume", { volumes: { add: [""] } }],
    ["a time", { created: "yesterday" }],
    ["a day", { created: "2026-13-45T00:00:00Z" }],
  ])("refuses malformed values: %s", (_, edits) => {
    const refused = expect.objectContaining({ code: "invalid-argument" }) as Error;
    expect(() => editConfig(viewOf(image), edits)).toThrow(refused);
  });
});
