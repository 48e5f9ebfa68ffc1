// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { configurationJsonSchema } from "./schema.ts";

const FILE = fileURLToPath(new URL("../../schema/oci-kit.schema.json", import.meta.url));

describe("the published JSON Schema", () => {
  it("matches the code (after a change: npx vitest run src/config/schema.test.ts --update)", async () => {
    const style = await resolveConfig(FILE);
    const text = await format(JSON.stringify(configurationJsonSchema()), {
      ...style,
      filepath: FILE,
    });
    await expect(text).toMatchFileSnapshot(FILE);
  });
});
