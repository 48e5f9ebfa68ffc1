// SPDX-License-Identifier: MIT
import { verifyFamily } from "../../../test/fixtures/family-image.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";

/** The environment of the family's image with more lines. */
function env(...lines: readonly string[]): { readonly Env: readonly string[] } {
  const kept = ["PATH=/opt/gcc/bin:/usr/local/bin:/usr/bin:/bin"];
  return { Env: [...kept, "GCC_VERSION=16.2.0", "LLVM_RELEASE=23.1.1", ...lines] };
}

const setting = ["wrong-setting", undefined, "configuration"] as const;
const forbidden = ["variable-forbidden", undefined, "environment"] as const;
const variable = ["wrong-variable", undefined, "environment"] as const;

findsEachAlone(verifyFamily, [
  ["an entrypoint that is not set", { execution: { Entrypoint: [] } }, setting],
  ["a command that is not set", { execution: { Cmd: [] } }, setting],
  ["a health check that is not set", { execution: { Healthcheck: { Test: ["NONE"] } } }, setting],
  [
    "a command behind the entrypoint that is absent",
    { execution: { Cmd: ["/bin/bash"] } },
    ["command-missing", "/bin/bash", "configuration"],
  ],
  [
    "a command behind the entrypoint without permission",
    { execution: { Cmd: ["/etc/group"] } },
    ["command-not-executable", "/etc/group", "configuration"],
  ],
  ["another user", { execution: { User: "root" } }, setting],
  ["no user", { execution: { User: "" } }, setting],
  ["another working directory", { execution: { WorkingDir: "/usr" } }, setting],
  [
    "a working directory that is absent",
    { files: { "work/": undefined } },
    ["path-missing", "/work", "configuration"],
  ],
  ["a volume that is not declared", { execution: { Volumes: {} } }, setting],
  [
    "a label that is absent",
    { execution: { Labels: { version: "1", "org.example.run": "42" } } },
    setting,
  ],
  [
    "a label with another value",
    { execution: { Labels: { title: "x", version: "1", "org.example.run": "42" } } },
    setting,
  ],
  [
    "an empty label",
    { execution: { Labels: { title: "family", version: "", "org.example.run": "42" } } },
    setting,
  ],
  [
    "a phantom PATH entry",
    {
      execution: {
        Env: ["PATH=/opt/gone/bin:/usr/bin:/bin:/opt/gcc/bin", "GCC_VERSION=16.2.0"],
      },
    },
    ["search-path-missing", "/opt/gone/bin", "configuration"],
  ],
  [
    "a PATH entry that a variable left empty",
    { execution: { Env: ["PATH=:/opt/gcc/bin:/usr/bin", "GCC_VERSION=16.2.0"] } },
    setting,
  ],
  [
    "a PATH entry that is a file",
    { execution: { Env: ["PATH=/usr/bin:/etc/passwd", "GCC_VERSION=16.2.0"] } },
    ["search-path-missing", "/etc/passwd", "configuration"],
  ],
  ["a proxy of the build host", { execution: env("HTTP_PROXY=http://10.0.0.1:3128") }, forbidden],
  ["a proxy in small letters", { execution: env("https_proxy=http://10.0.0.1") }, forbidden],
  ["an agent of the build host", { execution: env("SSH_AUTH_SOCK=/tmp/agent") }, forbidden],
  ["a home of the build host", { execution: env("CCACHE_DIR=/home/builder/c") }, forbidden],
  ["the cross compiler of the build", { execution: env("CC=riscv64-linux-gnu-gcc") }, forbidden],
  [
    "a setting of the package manager's",
    { execution: env("DEBIAN_FRONTEND=noninteractive") },
    forbidden,
  ],
  ["a version that contradicts the recipe", { execution: env("RUST_VERSION=1.97.0") }, variable],
  [
    "a variable with another value",
    { execution: { Env: ["PATH=/opt/gcc/bin:/usr/bin", "GCC_VERSION=15.1.0"] } },
    variable,
  ],
  ["a variable that is absent", { execution: { Env: ["PATH=/opt/gcc/bin:/usr/bin"] } }, variable],
  [
    "a run that is not recorded",
    { execution: { Labels: { title: "family", version: "1" } } },
    ["provenance-missing", undefined, "provenance"],
  ],
  [
    "a parent that is not recorded",
    { annotations: {} },
    ["provenance-missing", undefined, "provenance"],
  ],
  [
    "an empty record of the parent",
    { annotations: { "org.example.parent": "" } },
    ["provenance-missing", undefined, "provenance"],
  ],
  [
    "two records that contradict each other",
    { annotations: { "org.example.parent": "a", "org.example.run": "41" } },
    ["provenance-missing", undefined, "provenance"],
  ],
]);
