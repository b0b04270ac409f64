// The default model with another chat template: a copy of its file in which only that text differs.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { real_model } from './harness.mjs';

const turn = (role, text) => `<|im_start|>${role}\n${text}<|im_end|>\n`;
const begins = '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

/** No system role, and roles must alternate. */
export const gemma_like = "{% if messages[0]['role'] == 'system' %}"
  + "{{ raise_exception('System role not supported') }}{% endif %}"
  + "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
  + "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
  + turn("{{ message['role'] }}", "{{ message['content'] | trim }}") + `{% endfor %}${begins}`;

/** The system's word comes first or not at all; thinks unless it is told not to. */
export const thinking_like = '{% for message in messages %}'
  + "{% if message.role == 'system' and not loop.first %}"
  + "{{ raise_exception('System message must be at the beginning.') }}{% endif %}"
  + turn('{{ message.role }}', '{% if message.reasoning_content %}<think>\n'
    + '{{ message.reasoning_content }}\n</think>\n\n{% endif %}{{ message.content }}')
  + '{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n'
  + '{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n'
  + '{% else %}<think>\n{% endif %}{% endif %}';

/** The same, but always. */
export const always_thinking = '{% for message in messages %}'
  + turn('{{ message.role }}', '{% if message.reasoning_content %}<think>\n'
    + '{{ message.reasoning_content }}\n</think>\n\n{% endif %}{{ message.content }}')
  + '{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}';

/** Writes the file into `folder` and returns its path. The template must not be longer. */
export function with_template(folder, name, template) {
  const bytes = readFileSync(real_model);
  const key = Buffer.from('tokenizer.chat_template');
  const at = bytes.indexOf(key) + key.length + 4;  // behind the key: the type, then the length
  const length = Number(bytes.readBigUInt64LE(at));
  const text = Buffer.from(template);
  if (text.length + 6 > length) throw new Error('the template is longer than the model\'s own');
  const padding = Buffer.from(`{#${'-'.repeat(length - text.length - 4)}#}`);
  Buffer.concat([padding, text]).copy(bytes, at + 8);
  const file = path.join(folder, `${name}.gguf`);
  writeFileSync(file, bytes);
  return file;
}
