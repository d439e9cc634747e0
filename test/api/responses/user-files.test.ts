import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { responseJob } from '../../../src/contracts/responses/response-job.ts';
import type { ModelCard } from '../../../src/contracts/service/model-card.ts';
import { catalog, createApi } from './fixture.ts';

const seeing = (card: ModelCard): ModelCard => ({
  ...card,
  capabilities: { ...card.capabilities, inputs: ['text', 'image', 'file'] },
});
const all = () => catalog.list().map(seeing);
const reading = { ...catalog, list: all, get: (id: string) => all().find((card) => card.id === id) };
const Made = z.object({ id: z.string() });

async function withFile(content: string, name: string, { purpose = 'user_data', reads = true } = {}) {
  const api = createApi(reads ? { catalog: reading } : {});
  const form = new FormData();
  form.set('purpose', purpose);
  form.set('file', new File([content], name));
  const uploaded = await api.app.request('/v1/files', { method: 'POST', body: form });
  expect(uploaded.status).toBe(200);
  const { id } = Made.parse(await uploaded.json());
  const asked = async (file_id = id) =>
    api.ask({ input: [{ role: 'user', content: [{ type: 'input_file', file_id }] }], background: true });
  const messages = async () => {
    const snapshot = await api.queue.get(Made.parse(await (await asked()).json()).id);
    return snapshot && responseJob(snapshot.job).prompt.messages;
  };
  return { ...api, id, asked, messages };
}

describe('a file of purpose user_data', () => {
  it.each([true, false])('is text for every model where it is text (reads files: %s)', async (reads) => {
    const { messages, app, id } = await withFile('Line 1\nno JSON', 'notes.md', { reads });
    expect(await messages()).toEqual([{ role: 'user', content: 'Line 1\nno JSON' }]);
    const content = await app.request(`/v1/files/${id}/content`);
    expect(content.headers.get('content-type')).toBe('application/octet-stream');
    expect(await content.text()).toBe('Line 1\nno JSON');
  });

  it('is a file or an image for a model that takes such', async () => {
    const pdf = await (await withFile('%PDF-1.7', 'a.pdf')).messages();
    const part = { type: 'file', data: 'data:application/pdf;base64,JVBERi0xLjc=', name: 'a.pdf' };
    expect(pdf).toMatchObject([{ parts: [part] }]);
    const gif = await (await withFile('GIF89a', 'a.bin')).messages();
    expect(gif).toMatchObject([{ parts: [{ type: 'image', url: 'data:image/gif;base64,R0lGODlh' }] }]);
  });

  it('is refused by name for a model that reads none, of another purpose, or that is not there', async () => {
    const refusal = async (response: Response) => [response.status, await response.json()];
    const unread = await withFile('%PDF-1.7', 'a.pdf', { reads: false });
    expect(await refusal(await unread.asked())).toMatchObject([400, { error: { param: 'input[0].content[0]' } }]);
    const batch = await withFile('{}', 'in.jsonl', { purpose: 'batch' });
    const param = 'input[0].content[0].file_id';
    expect(await refusal(await batch.asked())).toMatchObject([400, { error: { param } }]);
    expect(await refusal(await batch.asked('file-none'))).toMatchObject([404, { error: { param } }]);
  });

  it('is nothing that a batch reads', async () => {
    const { post, id } = await withFile('{}', 'in.jsonl');
    const response = await post('/v1/batches', { endpoint: '/v1/responses', input_file_id: id });
    expect(await response.json()).toMatchObject({ error: { param: 'input_file_id' } });
  });
});
