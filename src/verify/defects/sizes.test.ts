// SPDX-License-Identifier: MIT
import { verifyFamily } from "../../../test/fixtures/family-image.ts";
import type { Change } from "../../../test/fixtures/runnable-image.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";
import type { SizePolicy } from "../policies/policy.ts";

/** The family's image with a budget alone. */
function within(budget: Omit<SizePolicy, "kind" | "name">): Change {
  return {
    policies: [
      { kind: "size", name: "budget", ...budget },
      {
        kind: "architecture",
        name: "machines",
        trees: [{ path: "/opt/android", architecture: "arm64" }],
      },
    ],
  };
}

findsEachAlone(verifyFamily, [
  ["an image over its budget", within({ image: 100 }), ["size-exceeded", undefined, "budget"]],
  ["a layer over its budget", within({ layer: 100 }), ["size-exceeded", undefined, "budget"]],
  [
    "a tree over its budget",
    within({ trees: [{ path: "/opt/ffmpeg", most: 100 }] }),
    ["size-exceeded", "/opt/ffmpeg", "budget"],
  ],
  [
    "a tree with a budget that is absent",
    within({ trees: [{ path: "/opt/opencv", most: 100 }] }),
    ["tree-missing", "/opt/opencv", "budget"],
  ],
]);
