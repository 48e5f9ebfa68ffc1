// SPDX-License-Identifier: MIT
import { describe, it } from "vitest";
import { unpack } from "../../convert/unpack/unpack.ts";
import { findImage } from "../../image/find-image.ts";
import { readImage } from "../../image/image.ts";
import { onlyRoot } from "../../image/only-root.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { hostileLayerSuite } from "./hostile-layer-suite.ts";

hostileLayerSuite(
  { describe, it },
  {
    name: "oci-kit unpack",
    beside: ["out.oci-kit"],
    async unpack(layout, destination, { limits }) {
      const store = await openLayout(layout);
      const descriptor = await findImage(store, await onlyRoot(store), undefined, { limits });
      const image = await readImage(store, descriptor, { limits });
      const { proof } = await unpack(image, destination, { limits });
      if (proof === undefined || proof.compared === 0 || proof.differences.length > 0) {
        throw new Error(`expected a proof without differences, got ${JSON.stringify(proof)}`);
      }
    },
  },
);
