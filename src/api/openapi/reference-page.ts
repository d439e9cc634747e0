import { html, raw } from 'hono/html';
import { z } from 'zod';

/** The parts of an OpenAPI document that the page shows. */
const Schema = z.record(z.string(), z.unknown());
const Content = z.record(z.string(), z.looseObject({ schema: Schema.optional() }));
const Operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean(), schema: Schema }))
    .default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: Content.optional() })),
});
type Operation = z.infer<typeof Operation>;
const Document = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});

type Markup = ReturnType<typeof html>;

/**
 * The generated document as one HTML page, without a script and without anything from elsewhere (Scalar's page, which
 * other services show, loads 3 MB of scripts, from a CDN unless they are served along).
 */
export function referencePage(document: unknown): Markup {
  const { info, paths, components } = Document.parse(document);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} ${info.version}: API reference</title>
<style>${raw(style)}</style>
</head>
<body>
<h1>${info.title} <small>${info.version}</small></h1>
<p>${inline(info.description)} As data: <a href="/openapi.json">openapi.json</a>.</p>
<nav aria-label="Operations"><ul>${operations.map(
    ({ path, method, operation }) =>
      html`<li><a href="#${operation.operationId}"><code>${method} ${path}</code></a> ${inline(operation.summary)}</li>`,
  )}</ul></nav>
<main>
${operations.map(operationSection)}
<h2>Schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) => html`<details id="schema-${name}"><summary>${name}</summary>${schemaBlock(schema)}</details>`,
)}
</main>
</body>
</html>`;
}

function operationSection({ path, method, operation }: { path: string; method: string; operation: Operation }): Markup {
  const { parameters, requestBody, responses } = operation;
  return html`<section id="${operation.operationId}">
<h2><code>${method} ${path}</code></h2>
<p>${inline(operation.summary)}</p>
${
  parameters.length === 0
    ? ''
    : html`<h3>Parameters</h3><ul>${parameters.map(
        (parameter) =>
          html`<li><code>${parameter.name}</code> (${parameter.in}${parameter.required ? ', required' : ''})${schemaBlock(parameter.schema)}</li>`,
      )}</ul>`
}
${requestBody ? html`<h3>Body</h3>${contentBlock(requestBody.content)}` : ''}
<h3>Responses</h3>
<ul>${Object.entries(responses).map(
    ([status, answer]) =>
      html`<li><strong>${status}</strong> ${inline(answer.description)}${answer.content ? contentBlock(answer.content) : ''}</li>`,
  )}</ul>
</section>`;
}

/** Text with its `code` marked as such; the rest is escaped. */
function inline(text: string): Markup {
  return html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

function contentBlock(content: z.infer<typeof Content>): Markup {
  return html`${Object.entries(content).map(
    ([type, { schema }]) => html`<div><code>${type}</code> ${schema ? schemaBlock(schema) : ''}</div>`,
  )}`;
}

/** A link to a named schema, or the schema itself, folded. */
function schemaBlock(schema: z.infer<typeof Schema>): Markup {
  const reference = schema['$ref'];
  const name = typeof reference === 'string' ? reference.split('/').at(-1) : undefined;
  if (name !== undefined) return html`<a href="#schema-${name}">${name}</a>`;
  return html`<details><summary>schema</summary><pre tabindex="0">${JSON.stringify(schema, null, 2)}</pre></details>`;
}

const style = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { overflow-x: auto; border: 1px solid; padding: 0.5rem; max-height: 30rem; }
section { border-top: 1px solid; margin-top: 1.5rem; }
nav ul { list-style: none; padding: 0; }
h2 { margin-bottom: 0.25rem; }
`;
