// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openLayout } from "../../src/store/layout/layout.ts";
import { buildImage } from "../../src/testing/build-image.ts";

const DOCKERFILES = {
  base: ["FROM ${BASE_IMAGE}", "COPY files /etc/family/"],
  sdk: ["FROM ${BASE_IMAGE}", "ARG TARGET", "COPY common ${TARGET} /opt/tool/"],
  extra: ["FROM ${BASE_IMAGE}", "COPY gpu /opt/tool/"],
  "runtime-base": [
    "FROM ${BASE_IMAGE} AS below",
    "FROM scratch",
    "COPY --from=below /etc/family /etc/family",
  ],
} as const;

const STAGES = `
  base:
    { dockerfile: base/Dockerfile, context: base, from: "oci:start", tag: base }
  sdk:
    parent: base
    perArch: true
    dockerfile: sdk/Dockerfile
    context: sdk
    args: { TARGET: "\${ARCH}" }
    tag: sdk-\${ARCH}
  extra:
    { variant: gpu, parent: sdk, perArch: true, dockerfile: extra/Dockerfile, context: extra, tag: "extra\${VARIANT_SUFFIX}-\${ARCH}" }
  runtime-base:
    lane: runtime
    runsOn: build
    parent: base
    perArch: true
    dockerfile: runtime-base/Dockerfile
    context: runtime-base
    tag: runtime-base-\${ARCH}
  package:
    { lane: runtime, kind: recipe, parent: sdk, inputs: { base: runtime-base }, perArch: true, tag: "latest\${VARIANT_SUFFIX}-\${ARCH}" }
  runtime:
    { lane: runtime, kind: index, parent: package, tag: "latest\${VARIANT_SUFFIX}" }
`;

/**
 * Writes a family of eleven images whose Dockerfiles only copy: a base, an SDK and a runtime base for each of three
 * architectures, their packages, and the index; and a variant for one of them, with a stage of its own.
 */
export async function writeFamily(project: string, image: string): Promise<void> {
  const write = (path: string, text: string): void => {
    const place = join(project, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  };
  write(
    "oci-kit.yaml",
    `version: 1
image: ${image}
architectures: [amd64, arm64, riscv64]
output: out/images
base: scratch
artifacts: { sdk: "oci:out/sdk/\${ARCH}" }
provenance: { parent: sdk }
layers: [{ name: tool, steps: [{ copy: /opt/tool }] }]
chain:
  mirrors: { NEAR_MIRROR: "http://mirror.example" }
  variants: { gpu: { arch: [amd64], parents: { package: extra }, cross: false } }
stages:${STAGES}`,
  );
  for (const [name, lines] of Object.entries(DOCKERFILES)) {
    write(`${name}/Dockerfile`, ["ARG BASE_IMAGE", ...lines, ""].join("\n"));
  }
  write("base/files/one", "1\n");
  write("sdk/common", "common\n");
  for (const architecture of ["amd64", "arm64", "riscv64"]) {
    write(`sdk/${architecture}`, `tool of ${architecture}\n`);
  }
  write("extra/gpu", "what one variant has\n");
  write("runtime-base/.dockerignore", "*\n");
  const start = await openLayout(join(project, "start"), { create: true });
  const { descriptor } = await buildImage(start, { layers: [{ "etc/start": "start\n" }] });
  await start.tag(descriptor, "start");
}
