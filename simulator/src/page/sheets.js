// The sheet at the bottom of the phone: lists, attachments, message menus, forms. One at a time.

import { el } from '/bubbles.js';

const $ = (id) => document.getElementById(id);
let opener = null;

/** Opens the sheet with these nodes. Not modal: it belongs to the phone, the rest of the page stays usable. */
export function openSheet(title, nodes, say) {
  opener = document.activeElement;
  $('sheet-title').textContent = title;
  $('sheet-close').textContent = say('close');
  $('sheet-rows').replaceChildren(...nodes.filter(Boolean));
  $('sheet').show();
  cover(true);
  $('sheet-rows').querySelector('button, input, textarea')?.focus();
}

export function closeSheet() {
  if (!$('sheet').open) return;
  $('sheet').close();
  cover(false);
  if (opener?.isConnected) opener.focus();
}

function cover(on) {
  $('shade').hidden = !on;
  for (const id of ['thread', 'composer']) $(id).toggleAttribute('inert', on);
}

/** A row to tap; `id` for tests. */
export function row(label, id, act, { detail, icon, data } = {}) {
  const chosen = () => { closeSheet(); act(); };
  return el('button', { type: 'button', class: 'list-row', 'data-testid': id, 'data-id': data, onclick: chosen }, el('strong', {}, icon ? `${icon}  ${label}` : label), detail ? el('small', {}, detail) : null);
}

/** A small form: fields by name, answered as an object. */
export function form(fields, label, submit) {
  const inputs = fields.map(({ name, label: words, value, kind, lines }) => {
    const input = lines ? el('textarea', { id: `field-${name}`, rows: lines, 'data-testid': `field-${name}` }) : el('input', { id: `field-${name}`, type: kind ?? 'text', step: kind === 'number' ? 'any' : null, 'data-testid': `field-${name}` });
    input.value = value ?? '';
    return [el('label', { for: `field-${name}` }, words), input];
  });
  const done = (event) => {
    event.preventDefault();
    const answers = Object.fromEntries(fields.map(({ name }, at) => [name, inputs[at][1].value.trim()]));
    closeSheet();
    submit(answers);
  };
  return el('form', { class: 'form', onsubmit: done, autocomplete: 'off' }, inputs.flat(), el('button', { type: 'submit', class: 'primary', 'data-testid': 'form-submit' }, label));
}

for (const id of ['sheet-close', 'shade']) $(id).addEventListener('click', closeSheet);
$('sheet').addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const rows = [...$('sheet-rows').querySelectorAll('button')];
  if (event.key === 'Escape') closeSheet();
  else if (step && rows.includes(document.activeElement)) { event.preventDefault(); rows[rows.indexOf(document.activeElement) + step]?.focus(); }
});
