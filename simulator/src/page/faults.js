// The panel of faults: plain toggles and numbers over GET|PUT /sim/faults.

import { el } from '/bubbles.js';

const GROUPS = {
  delivery: [['duplicate', 'number'], ['reorder'], ['batch_size', 'number'], ['delay_ms', 'number'], ['padding_bytes', 'number'], ['legacy_shape'], ['parent_ids'], ['utf8_raw'], ['odd_wamids'], ['bad_signature']],
  people: [['hide_phone'], ['no_whatsapp'], ['strip_ninth_digit'], ['edits_unsupported'], ['no_read'], ['drop_delivered'], ['no_statuses'], ['fail_later', 'code']],
  graph: [['graph_error', 'code'], ['graph_502_times', 'number'], ['graph_reset', 'number'], ['graph_hang_ms', 'number'], ['status_before_response'], ['window_error_later'], ['token_dead'], ['management_limited']],
  templates: [['strict_templates'], ['template_review', 'word'], ['template_pacing', 'word']],
  media: [['media_error', 'word'], ['media_truncated'], ['media_slow_ms', 'number'], ['upload_slow_ms', 'number'], ['media_wrong_hash'], ['no_media_url']],
  erp: [['erp_error'], ['erp_delay_ms', 'number']],
};
const CODES = { fail_later: [131026, 131047, 131049, 131053, 130472], graph_error: [131056, 130429, 131047, 131026, 131062, 190, 131016, 613] };
const HTTP = { 190: 401, 131016: 500, 613: 429 };
const WORDS = {
  template_review: { approve: 'approve', reject: 'reject', pending: 'pending' },
  template_pacing: { '': null, held: { status: 'held_for_quality_assessment', release_after_ms: 5000 }, paused: { status: 'paused' } },
  media_error: { '': null, upload: { at: 'upload', http: 500 }, resolve: { at: 'resolve', http: 404 }, download: { at: 'download', http: 404 } },
};
/** Which word a fault stands at. */
const NOW = {
  template_review: (value) => value,
  template_pacing: (value) => (!value ? '' : value.status === 'paused' ? 'paused' : 'held'),
  media_error: (value) => value?.at ?? '',
};
const LISTS = { hide_phone: 'bsuid_only', no_whatsapp: 'no_whatsapp' };

/** Draws the panel. `change(next)` puts the faults; `phone` is the person on screen. */
export function drawFaults(root, { faults, phone, say, change }) {
  const kept = root.contains(document.activeElement) ? document.activeElement.id : null;
  const open = root.dataset.drawn ? [...root.querySelectorAll('details[open]')].map((node) => node.id) : ['faults-delivery', 'faults-people'];
  const group = ([name, rows]) => {
    const id = `faults-${name}`;
    return el('details', { id, class: 'tool', open: open.includes(id) }, el('summary', {}, say('groups')[name]), ...rows.map(([fault, kind]) => row(fault, kind, { faults, phone, say, change })));
  };
  root.replaceChildren(...Object.entries(GROUPS).map(group));
  root.dataset.drawn = 'true';
  if (kept) document.getElementById(kept)?.focus();
}

function row(name, kind, panel) {
  const id = `fault-${name}`;
  const draw = { number, code, word }[kind] ?? toggle;
  return el('div', { class: 'fault' }, el('label', { for: id }, panel.say('fault')[name]), draw(name, id, panel));
}

function toggle(name, id, { faults, phone, change }) {
  const key = LISTS[name];
  const people = key ? (faults[key] ?? []) : [];
  const on = key ? people.includes(phone) : Boolean(faults[name]);
  const flip = () => {
    if (key) change({ ...faults, [key]: on ? people.filter((other) => other !== phone) : [...people, phone] });
    else if (name === 'erp_error') change({ ...faults, erp_error: on ? null : { http: 503, times: 1 } });
    else change({ ...faults, [name]: !on });
  };
  const input = el('input', { type: 'checkbox', role: 'switch', id, 'data-testid': id, disabled: Boolean(key) && !/^\d+$/.test(phone ?? ''), onchange: flip });
  input.checked = on;
  return input;
}

function number(name, id, { faults, change }) {
  const least = name === 'batch_size' ? 1 : 0;
  const set = (event) => change({ ...faults, [name]: Math.max(least, Math.trunc(Number(event.target.value)) || 0) });
  const input = el('input', { type: 'number', id, min: least, 'data-testid': id, onchange: set });
  input.value = faults[name];
  return input;
}

function code(name, id, { faults, say, change }) {
  const now = faults[name]?.code ?? '';
  const set = (event) => {
    const chosen = Number(event.target.value);
    const order = name === 'graph_error' ? { code: chosen, http: HTTP[chosen] ?? 400, times: 1 } : { code: chosen, times: 1 };
    change({ ...faults, [name]: chosen ? order : null });
  };
  const known = CODES[name].includes(now) || !now ? CODES[name] : [now, ...CODES[name]];
  const select = el('select', { id, 'data-testid': id, onchange: set }, el('option', { value: '' }, say('off')), ...known.map((value) => el('option', { value }, String(value))));
  select.value = String(now);
  return select;
}

function word(name, id, { faults, say, change }) {
  const set = (event) => change({ ...faults, [name]: WORDS[name][event.target.value] });
  const select = el('select', { id, 'data-testid': id, onchange: set }, ...Object.keys(WORDS[name]).map((value) => el('option', { value }, value ? (say('choices')[value] ?? value) : say('off'))));
  select.value = NOW[name](faults[name]);
  return select;
}
