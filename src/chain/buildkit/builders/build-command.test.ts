// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { digestBytes } from "../../../bytes/hash.ts";
import type { BuildRequest } from "../request/build-request.ts";
import { buildCommand } from "./build-command.ts";
import type { Builder } from "./builder.ts";

const digest = digestBytes(new Uint8Array(), "sha256");
const request: BuildRequest = {
  context: "/src",
  dockerfile: "/src/linux/Dockerfile.sdk",
  platform: { os: "linux", architecture: "arm64" },
  target: "final",
  buildArgs: { BASE_IMAGE: `r.example/a@${digest}`, FLAGS: "-O2,-g" },
  contexts: {
    tools: { kind: "layout", path: "/l/1", digest },
    wheels: { kind: "layout", path: "/l/2", digest },
    more: { kind: "directory", path: "/d" },
    base: { kind: "image", reference: `r.example/b@${digest}` },
  },
  secrets: [
    { id: "token", env: "TOKEN" },
    { id: "key", file: "/k,1" },
  ],
  ssh: [{ id: "default" }, { id: "git", socket: "/s" }],
  network: "host",
  addHosts: { mirror: "10.0.0.1", "other.example": "::1" },
  cacheFrom: [{ kind: "registry", reference: "r.example/c:sdk" }],
  cacheTo: [{ kind: "local", directory: "/c" }],
  annotations: { "org.example.parent": "a,b" },
  labels: { run: "1" },
  cgroupParent: "/capped",
  noCache: true,
  pull: true,
  attestations: "provenance",
  output: { kind: "layout", directory: "/out/x", compression: "zstd" },
};

function builder(kind: Builder["kind"], name?: string, caps = false): Builder {
  return { kind, program: `/bin/${kind}`, name, identity: "", caps, platforms: [] };
}

describe("the command line of a request", () => {
  it("for buildx", () => {
    const { program, words, env } = buildCommand(builder("buildx", "far"), request, "/m");
    expect(program).toBe("/bin/buildx");
    expect(env).toEqual({ BUILDX_METADATA_PROVENANCE: "disabled" });
    expect(words).toEqual([
      ...["buildx", "build", "--builder=far", "--progress=rawjson", "--metadata-file=/m"],
      ...["--file=/src/linux/Dockerfile.sdk", "--platform=linux/arm64", "--target=final"],
      ...[`--build-arg=BASE_IMAGE=r.example/a@${digest}`, "--build-arg=FLAGS=-O2,-g"],
      `--build-context=tools=oci-layout:///l/1@${digest}`,
      `--build-context=wheels=oci-layout:///l/2@${digest}`,
      "--build-context=more=/d",
      `--build-context=base=docker-image://r.example/b@${digest}`,
      ...["--secret=id=token,env=TOKEN", '--secret=id=key,"src=/k,1"'],
      ...["--ssh=default", "--ssh=git=/s", "--network=host"],
      ...["--add-host=mirror=10.0.0.1", "--add-host=other.example=::1"],
      "--cache-from=type=registry,ref=r.example/c:sdk",
      "--cache-to=type=local,dest=/c,mode=max,ignore-error=true",
      ...["--annotation=org.example.parent=a,b", "--label=run=1", "--cgroup-parent=/capped"],
      ...["--no-cache", "--pull", "--provenance=mode=max", "--sbom=false"],
      "--output=type=oci,tar=false,dest=/out/x,oci-mediatypes=true,compression=zstd",
      "/src",
    ]);
  });

  it("for buildctl, with an id of its own for each layout", () => {
    const { words } = buildCommand(builder("buildctl", "unix:///b.sock"), request, "/m");
    expect(words).toEqual([
      ...["--addr=unix:///b.sock", "build", "--progress=rawjson", "--metadata-file=/m"],
      ...["--frontend=dockerfile.v0", "--local=context=/src", "--local=dockerfile=/src/linux"],
      ...["--opt=filename=Dockerfile.sdk", "--opt=platform=linux/arm64", "--opt=target=final"],
      `--opt=build-arg:BASE_IMAGE=r.example/a@${digest}`,
      ...["--opt=build-arg:FLAGS=-O2,-g", "--opt=label:run=1", "--opt=force-network-mode=host"],
      "--opt=add-hosts=mirror=10.0.0.1,other.example=::1",
      ...["--opt=cgroup-parent=/capped", "--opt=image-resolve-mode=pull"],
      "--opt=attest:provenance=mode=max",
      ...["--oci-layout=layout-0=/l/1", `--opt=context:tools=oci-layout://layout-0@${digest}`],
      ...["--oci-layout=layout-1=/l/2", `--opt=context:wheels=oci-layout://layout-1@${digest}`],
      ...["--local=directory-2=/d", "--opt=context:more=local:directory-2"],
      `--opt=context:base=docker-image://r.example/b@${digest}`,
      ...["--secret=id=token,env=TOKEN", '--secret=id=key,"src=/k,1"'],
      ...["--ssh=default", "--ssh=git=/s", "--allow=network.host"],
      "--import-cache=type=registry,ref=r.example/c:sdk",
      "--export-cache=type=local,dest=/c,mode=max,ignore-error=true",
      "--no-cache",
      "--output=type=oci,tar=false,dest=/out/x,oci-mediatypes=true,compression=zstd," +
        '"annotation.org.example.parent=a,b"',
    ]);
  });

  it("caps memory and processors with a builder that does, and else leaves that out", () => {
    const capped = { ...request, memory: 4096, cpus: 2 };
    const words = (kind: Builder["kind"], caps: boolean): readonly string[] =>
      buildCommand(builder(kind, undefined, caps), capped, "/m").words;
    const named = ["memory=4096", "cpu-period=100000", "cpu-quota=200000"];
    expect(words("buildx", true)).toEqual(
      expect.arrayContaining(named.map((word) => `--resource=${word}`)),
    );
    expect(words("buildctl", true)).toEqual(
      expect.arrayContaining(named.map((word) => `--opt=${word}`)),
    );
    for (const kind of ["buildx", "buildctl"] as const) {
      expect(words(kind, false).join(" ")).not.toMatch(/memory=|cpu-/);
    }
  });

  it("is refused where buildctl would change an annotation's key", () => {
    const odd = { ...request, annotations: { "org.example.Parent": "1" } };
    expect(() => buildCommand(builder("buildctl"), odd, "/m")).toThrow(/small letters/);
    const { words } = buildCommand(builder("buildx"), odd, "/m");
    expect(words).toContain("--annotation=org.example.Parent=1");
  });
});
