// SPDX-License-Identifier: MIT
// Tests the hostile images with node:test against the built package (npm run build). hostile.test.ts runs
// this file as several users.
import { describe, it } from "node:test";
import { unpack } from "oci-kit/convert";
import { findImage, onlyRoot, readImage } from "oci-kit/image";
import { openLayout } from "oci-kit/store";
import { hostileLayerSuite } from "oci-kit/testing";

hostileLayerSuite(
  { describe, it },
  {
    name: `oci-kit unpack as user ${process.getuid?.()}`,
    beside: ["out.oci-kit"],
    async unpack(layout, destination, { limits }) {
      const store = await openLayout(layout);
      const root = await findImage(store, await onlyRoot(store), undefined, { limits });
      const image = await readImage(store, root, { limits });
      const { proof } = await unpack(image, destination, { limits });
      if (proof === undefined || proof.compared === 0 || proof.differences.length > 0) {
        throw new Error(`expected a proof without differences, got ${JSON.stringify(proof)}`);
      }
    },
  },
);
