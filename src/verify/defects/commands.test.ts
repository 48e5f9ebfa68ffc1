// SPDX-License-Identifier: MIT
import { hops, library, run, verifyFiles } from "../../../test/fixtures/runnable-image.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";

findsEachAlone(verifyFiles, [
  [
    "an entrypoint that is absent",
    { execution: { Entrypoint: ["/usr/bin/gone"] } },
    ["command-missing", "/usr/bin/gone"],
  ],
  [
    "an entrypoint that is on no PATH",
    { execution: { Entrypoint: ["gone"] } },
    ["command-missing", "gone"],
  ],
  [
    "an entrypoint that leads nowhere",
    {
      files: { "usr/bin/start": { symlink: "/opt/gone" } },
      execution: { Entrypoint: ["/bin/start"] },
    },
    ["command-missing", "/bin/start"],
  ],
  [
    "an entrypoint behind 41 links",
    { files: hops(41), execution: { Entrypoint: ["/bin/start"] } },
    ["command-missing", "/bin/start"],
  ],
  [
    "an entrypoint without permission",
    { files: { "usr/bin/start": "#!/bin/sh\n" } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "an entrypoint that its user may not execute",
    { files: { "usr/bin/start": { content: "#!/bin/sh\n", mode: 0o744 } } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "an entrypoint that is a directory",
    { execution: { Entrypoint: ["/work"] } },
    ["command-not-executable", "/work"],
  ],
  [
    "an entrypoint that is empty",
    { files: { "usr/bin/start": run("") } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "an entrypoint that is neither a program nor a script",
    { files: { "usr/bin/start": run("exec sh\n") } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "an object file as the entrypoint",
    { files: { "usr/bin/start": run(library({ type: 1 })) } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "a command that is absent",
    { execution: { Entrypoint: [], Cmd: ["/gone"] } },
    ["command-missing", "/gone"],
  ],
  [
    "a health check that is absent",
    { execution: { Healthcheck: { Test: ["CMD", "curl", "localhost"] } } },
    ["command-missing", "curl"],
  ],
  [
    "a shell of the health check that is absent",
    { execution: { Shell: ["/bin/bash", "-c"] } },
    ["command-missing", "/bin/bash"],
  ],
  [
    "a user that is not in passwd",
    { execution: { User: "nobody:users" } },
    ["user-missing", "/etc/passwd"],
  ],
  [
    "a user without any passwd",
    { files: { "etc/passwd": undefined } },
    ["user-missing", "/etc/passwd"],
  ],
  [
    "a group that is not in group",
    { execution: { User: "builder:wheel" } },
    ["group-missing", "/etc/group"],
  ],
  [
    "a working directory that is a file",
    { files: { "work/": undefined, work: "file" } },
    ["wrong-working-directory", "/work"],
  ],
  [
    "a working directory that is a loop of links",
    { files: { "work/": undefined, work: { symlink: "work" } } },
    ["wrong-working-directory", "/work"],
  ],
]);
