/** The OpenAPI document as a page to read. No script, nothing from elsewhere; every route and every code has an anchor. */
import { CODES } from "../../twin/refusal.ts";
import type { Document, Operation, Parameter, Schema } from "./openapi.ts";

const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const STYLE = `
:root{color-scheme:light dark;--line:light-dark(#d5dbdd,#2c3436);--soft:light-dark(#55626a,#9aa7ad);--back:light-dark(#fff,#0e1213);--box:light-dark(#f3f6f7,#161c1e);--link:light-dark(#00608a,#6cc3f0)}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:light-dark(#14191b,#e6eced);font:16px/1.55 system-ui,sans-serif}
main,header{max-width:62rem;margin:0 auto;padding:1rem}a{color:var(--link)}h2{margin-top:3rem}h3{margin:2.2rem 0 .3rem}
code,pre{font:.875em/1.5 ui-monospace,monospace}pre{background:var(--box);border:1px solid var(--line);border-radius:6px;padding:.7rem;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.8rem 0;overflow-wrap:anywhere}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft)}.soft{color:var(--soft)}h2,h3,[id]{scroll-margin-top:1rem}.method{text-transform:uppercase;font-weight:700;margin-right:.5rem}
nav ul{columns:18rem;padding-left:1.1rem}:target{outline:2px solid var(--link);outline-offset:4px;border-radius:4px}`;

/** Prose whose `code` stands between backticks. */
const prose = (text: string): string => escape(text).replace(/`([^`]+)`/g, "<code>$1</code>");

/** A type in words, with links to the named ones. */
const typeOf = (schema: Schema): string => {
  if (schema.$ref !== undefined) {
    const name = escape(schema.$ref.split("/").at(-1) ?? "");
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.enum !== undefined) return schema.enum.map((value) => `<code>${escape(JSON.stringify(value))}</code>`).join(" ");
  if (schema.const !== undefined) return `<code>${escape(JSON.stringify(schema.const))}</code>`;
  if (schema.type === "array") return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object") return `map to ${typeOf(schema.additionalProperties)}`;
  const type = typeof schema.type === "string" ? schema.type : (schema.type ?? ["anything"]).join(" or ");
  const bounds = [
    schema.minimum === undefined ? "" : `from ${schema.minimum}`,
    schema.maximum === undefined ? "" : `to ${schema.maximum}`,
    schema.maxLength === undefined ? "" : `at most ${schema.maxLength} characters`,
  ].filter((bound) => bound !== "");
  return escape([type, ...bounds].join(" "));
};

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`)
    .join("")}</tbody></table>`;

const innerOf = (schema: Schema): Schema | null => {
  const inner =
    schema.type === "array" ? (schema.items ?? {}) : (schema.anyOf?.find(({ properties }) => properties !== undefined) ?? schema);
  const value = inner.properties === undefined && typeof inner.additionalProperties === "object" ? inner.additionalProperties : inner;
  return value.properties === undefined ? null : value;
};

/** The fields of a schema, those of inner objects behind a dot. */
const fieldsOf = (schema: Schema, before = ""): string[][] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${before}${name}`;
    const says = [field.description ?? "", field.default === undefined ? "" : `default ${JSON.stringify(field.default)}`].filter(
      (text) => text !== "",
    );
    const inner = innerOf(field);
    const type = inner === null ? typeOf(field) : field.type === "array" ? "list" : "object";
    const optional = schema.required?.includes(name) === true ? "" : ' <span class="soft">optional</span>';
    return [
      [`<code>${escape(path)}</code>${optional}`, type, escape(says.join("; "))],
      ...(inner === null ? [] : fieldsOf(inner, `${path}.`)),
    ];
  });

const schemaShown = (schema: Schema): string =>
  schema.properties === undefined ? `<p>${typeOf(schema)}</p>` : table(["Field", "Type", "Meaning"], fieldsOf(schema));

const curlOf = (method: string, path: string, operation: Operation): string => {
  const given = (place: Parameter["in"]): readonly Parameter[] =>
    operation.parameters.filter(({ in: where, example }) => where === place && example !== undefined);
  const filled = given("path").reduce((text, { name, example }) => text.replace(`{${name}}`, encodeURIComponent(example ?? "")), path);
  const query = new URLSearchParams(Object.fromEntries(given("query").map(({ name, example }) => [name, example ?? ""]))).toString();
  const body = operation.requestBody?.content["application/json"]?.example;
  const media = Object.keys(operation.requestBody?.content ?? {})[0] ?? "";
  return [
    "curl -s",
    method === "get" ? "" : `-X ${method.toUpperCase()}`,
    `'http://127.0.0.1:8080${filled}${query === "" ? "" : `?${decodeURIComponent(query)}`}'`,
    operation.requestBody === undefined || body !== undefined
      ? ""
      : `\\\n  -H 'content-type: ${media}' --data-binary @${media === "text/csv" ? "positions.csv" : "photo.jpg"}`,
    body === undefined ? "" : `\\\n  -H 'content-type: application/json' -d '${JSON.stringify(body)}'`,
  ]
    .filter((word) => word !== "")
    .join(" ");
};

const operationShown = (method: string, path: string, operation: Operation): string => {
  const body = operation.requestBody?.content["application/json"]?.schema;
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const schema = Object.entries(answer.content ?? {})[0];
    const codes = (answer["x-codes"] ?? []).map((code) => `<a href="#${code}">${code}</a>`).join(", ");
    return [
      status,
      codes === ""
        ? schema === undefined
          ? "nothing"
          : `${typeOf(schema[1].schema)} <span class="soft">${escape(schema[0])}</span>`
        : codes,
    ];
  });
  return [
    `<h3 id="${escape(operation.operationId)}"><span class="method">${method}</span><code>${escape(path)}</code></h3>`,
    `<p>${prose(`${operation.summary.replace(/[.?]?$/, (end) => end || ".")} ${operation.description ?? ""}`)}</p>`,
    operation.parameters.length === 0
      ? ""
      : table(
          ["Parameter", "Type", "Meaning"],
          operation.parameters.map(({ name, in: where, required, schema, description }) => [
            `<code>${escape(name)}</code> <span class="soft">${where}${required ? "" : ", optional"}</span>`,
            typeOf(schema),
            escape(
              [description ?? "", schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`]
                .filter((text) => text !== "")
                .join("; "),
            ),
          ]),
        ),
    body === undefined ? "" : `<p>Body: ${typeOf(body)}</p>`,
    table(["Status", "Answer"], answers),
    `<pre>${escape(curlOf(method, path, operation))}</pre>`,
  ].join("");
};

/** Gives the page. */
export const referenceOf = (document: Document): string => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return { name, own };
  });
  const contents = operations
    .map(
      ({ path, method, operation }) =>
        `<li><a href="#${escape(operation.operationId)}"><span class="method">${method}</span><code>${escape(path)}</code></a></li>`,
    )
    .join("");
  const codes = Object.entries(CODES).map(([code, { status, retry, says }]) => [
    `<code id="${code}">${code}</code>`,
    String(status),
    `${escape(says)}${retry ? " The same request may succeed later." : ""}`,
  ]);
  const schemas = Object.entries(document.components.schemas)
    .map(([name, schema]) => `<h3 id="schema-${escape(name)}">${escape(name)}</h3>${schemaShown(schema)}`)
    .join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Rigtwin API</title><link rel="icon" href="/mark.svg"><style>${STYLE}</style></head>
<body><header><h1>Rigtwin API</h1><p>${escape(document.info.description)} Version ${escape(document.info.version)}. The same as <a href="/api/v1/openapi.json">OpenAPI 3.1</a>. <a href="/">Dashboard</a>.</p>
<p>Callers of this machine need no password. Others log in, or send <code>Authorization: Bearer &lt;password&gt;</code>. A fault is answered as <a href="#schema-Problem">Problem</a> (RFC 9457) with one of these <a href="#codes">codes</a>.</p>
<nav aria-label="Routes"><ul>${contents}</ul></nav></header>
<main>${groups.map(({ name, own }) => `<h2>${escape(name)}</h2>${own.map(({ method, path, operation }) => operationShown(method, path, operation)).join("")}`).join("")}
<h2 id="codes">Codes</h2>${table(["Code", "Status", "Meaning"], codes)}
<h2>Schemas</h2>${schemas}</main></body></html>`;
};
