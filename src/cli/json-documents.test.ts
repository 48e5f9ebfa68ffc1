// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectShape, readDocumentedShapes } from "../../test/fixtures/json-shapes.ts";
import { configuration, createProject, type Project } from "../../test/fixtures/project.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

const IMAGE = "oci:out/linux-runtime/riscv64";

const RUNTIME = { lane: "runtime" };
const STAGES = {
  gcc: { perArch: true, dockerfile: "Dockerfile", tag: "gcc-${ARCH}" },
  package: { ...RUNTIME, kind: "recipe", parent: "gcc", perArch: true, tag: "latest-${ARCH}" },
  index: { ...RUNTIME, kind: "index", parent: "package", tag: "latest" },
};

/** The rows of the table in docs/json.md, each with a command line that prints such a document. `REPOSITORY` is the configured one, `DIGEST` that of the row before. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  "assemble --dry-run": ["assemble", "--dry-run"],
  assemble: ["assemble", "--arch", "riscv64", "--push"],
  "verify-links": ["verify-links", "out"],
  "manifest push --dry-run": ["manifest", "push", "latest", "--dry-run"],
  "manifest push": ["manifest", "push", "latest", "--force", "missing-architecture"],
  "chain describe": ["chain", "describe", "--config", "chain.yaml"],
  "chain verify": ["chain", "verify", "--config", "chain.yaml"],
  "chain plan": ["chain", "plan", "--config", "chain.yaml"],
  retag: ["retag", "latest", "stable"],
  copy: ["copy", IMAGE, "oci:copied"],
  "verify of content": ["verify", "oci:copied"],
  "verify of several": ["verify", "oci:copied", IMAGE],
  unpack: ["unpack", IMAGE, "out/rootfs"],
  verify: ["verify", "out/rootfs", "--against", "oci:copied", "--ignore", "time"],
  pack: ["pack", "out/rootfs", "oci:packed", "--base", IMAGE],
  "store add": ["store", "add", "roots", IMAGE, "one"],
  "store link": ["store", "link", "roots", "one", "one"],
  "store list": ["store", "list", "roots"],
  "store path": ["store", "path", "roots", "one"],
  "store unlink": ["store", "unlink", "roots", "one"],
  "store prune": ["store", "prune", "roots", "--min-age", "0"],
  cache: ["cache"],
  "cache prune": ["cache", "prune", "--max-age", "0"],
  ls: ["ls", "-R", IMAGE],
  find: ["find", IMAGE, "--type", "l"],
  stat: ["stat", IMAGE, "/usr/bin/cc", "/usr"],
  cat: ["cat", IMAGE, "/usr/bin/cc", "/usr/share/family/readme"],
  history: ["history", IMAGE],
  "history of a path": ["history", IMAGE, "/usr/bin/cc"],
  diff: ["diff", IMAGE, "dir:out/rootfs"],
  export: ["export", IMAGE, "-o", "rootfs.tar"],
  flatten: ["flatten", IMAGE, "oci:flat:1"],
  rechunk: ["rechunk", IMAGE, "oci:rechunked:1", "--rate", "1MB/s"],
  "diff --why": ["diff", "--why", IMAGE, "oci:flat:1"],
  append: ["append", IMAGE, "oci:flat:2", "--layer", "rootfs.tar"],
  rebase: [
    ...["rebase", "oci:flat:2", "oci:flat:3"],
    ...["--old-base", IMAGE, "--new-base", "oci:flat:1"],
  ],
  "artifact push": [
    "artifact",
    "push",
    "oci:notes:1",
    "rootfs.tar",
    "--type",
    "application/x.note",
  ],
  "artifact attach": ["artifact", "attach", IMAGE, "rootfs.tar", "--type", "application/x.note"],
  "artifact pull": ["artifact", "pull", "oci:notes:1", "pulled"],
  "copy --all-tags": ["copy", "--all-tags", "oci:flat", "oci:copied"],
  "prune of a layout": ["prune", "oci:copied"],
  "prune of a repository": ["prune", "REPOSITORY"],
  "prune --chain": ["prune", "--chain", "--config", "chain.yaml"],
  config: ["config", "oci:flat:3", "oci:flat:4", "--set-platform", "linux/arm64"],
  "manifest create": ["manifest", "create", "oci:index:1", "--from", "stable"],
  "manifest add": ["manifest", "add", "oci:index:1", "oci:flat:4"],
  "manifest remove": ["manifest", "remove", "oci:index:1", "--platform", "arm64"],
  "manifest annotate": ["manifest", "annotate", "oci:index:1", "--annotation", "a=b"],
  "manifest repair": ["manifest", "repair", "oci:index:1", "--arch", "riscv64"],
  "manifest rollback": ["manifest", "rollback", "oci:index:1", "--to", "DIGEST"],
  "inspect of an image": ["inspect", IMAGE],
  "inspect of an index": ["inspect", "stable"],
  digest: ["digest", "stable"],
  tags: ["tags"],
  "tags --digests": ["tags", "--digests"],
  catalog: ["catalog"],
  referrers: ["referrers", "stable"],
  delete: ["delete", "stable"],
  doctor: ["doctor"],
  login: ["login", "REGISTRY/family", "-u", "me", "--password-stdin"],
  logout: ["logout", "REGISTRY/family"],
  completion: ["completion", "bash"],
  token: ["token", "copied", "--allow", "a/b=pull,push"],
  "token --revoke": ["token", "copied", "--revoke-all"],
};

describe("docs/json.md", () => {
  const documented = readDocumentedShapes();

  it("names exactly the keys of every command's document", async () => {
    rmSync("gcc/arm64", { recursive: true }); // leads to a warning and to findings
    let last = "";
    project.write("chain.yaml", configuration(project.repository, { stages: STAGES }));
    for (const [row, written] of Object.entries(ROWS)) {
      const meant = new Map([
        ["REPOSITORY", project.repository],
        ["DIGEST", last],
      ]);
      const words = written.map((word) => meant.get(word) ?? word);
      const dry = row === "assemble --dry-run" ? ["--arch", "riscv64"] : [];
      const { stdout } = await project.runWith(
        { stdin: Readable.from(["secret\n"]) },
        ...words.map((word) => word.replace("REGISTRY", `127.0.0.1:${project.server.port}`)),
        ...dry,
        "--json",
      );
      const document = JSON.parse(stdout) as { readonly digest?: string };
      last = document.digest ?? "";
      expect(document).not.toHaveProperty("error");
      expectShape(document, documented.get(row)!, row);
    }
  });

  it("has one row for each command tested here or elsewhere", () => {
    // `serve` ends with its process; the others need BuildKit, and test/interop/chain.test.ts asks them.
    const elsewhere = [
      "serve",
      "chain build",
      "chain build --dry-run",
      "chain plan --why",
      "chain status",
    ];
    expect([...documented.keys()].sort()).toEqual([...Object.keys(ROWS), ...elsewhere].sort());
  });
});
