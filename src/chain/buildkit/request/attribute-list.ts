// SPDX-License-Identifier: MIT

/**
 * Attributes as BuildKit reads them: one line of CSV with `key=value` fields. A field with a comma or a quote is
 * quoted as a whole, so that any value arrives as it is.
 */
export function attributeList(fields: readonly (readonly [key: string, value: string])[]): string {
  return fields.map(([key, value]) => quoteField(`${key}=${value}`)).join(",");
}

function quoteField(field: string): string {
  if (!/[",\r\n]/.test(field) && !/^\s/.test(field)) return field;
  return `"${field.replaceAll('"', '""')}"`;
}
