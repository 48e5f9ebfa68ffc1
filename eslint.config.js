// SPDX-License-Identifier: MIT
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const RECURSIVE_MKDIR =
  "Node's recursive mkdir never returns where the system says ENOENT below a directory that exists, and syncs nothing: makeDirectories of src/files does both.";

export default defineConfig(
  { ignores: ["dist/", "out/", "**/out/", "node_modules/", "coverage/", "**/*.js"] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: false },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // A bound that is checked once, before an index in a hot loop, is not seen by the type checker.
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true } }],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.name=/^mkdir(Sync)?$/] Property[key.name='recursive']",
          message: RECURSIVE_MKDIR,
        },
        {
          selector:
            "CallExpression[callee.property.name=/^mkdir(Sync)?$/] Property[key.name='recursive']",
          message: RECURSIVE_MKDIR,
        },
      ],
    },
  },
  {
    files: ["*.config.ts", "test/interop/require-peers.ts"],
    rules: { "no-restricted-exports": "off" },
  },
);
