// The panel of faults: plain toggles and numbers over GET|PUT /sim/faults.

import { el } from '/bubbles.js';

const GROUPS = {
  delivery: [['duplicate', 'number'], ['reorder'], ['batch_size', 'number'], ['delay_ms', 'number'], ['legacy_shape'], ['utf8_raw'], ['bad_signature']],
  people: [['hide_phone'], ['no_read'], ['drop_delivered'], ['no_statuses'], ['fail_later', 'code']],
  graph: [['graph_error', 'code'], ['graph_502_times', 'number'], ['graph_reset', 'number'], ['graph_hang_ms', 'number'], ['status_before_response'], ['window_error_later']],
  erp: [['erp_error'], ['erp_delay_ms', 'number']],
};
const CODES = { fail_later: [131026, 131047, 131049, 130472], graph_error: [131056, 130429, 131047, 131026, 190, 131016, 613] };
const HTTP = { 190: 401, 131016: 500, 613: 429 };

/** Draws the panel. `change(next)` puts the faults; `phone` is the person on screen. */
export function drawFaults(root, { faults, phone, say, change }) {
  const kept = root.contains(document.activeElement) ? document.activeElement.id : null;
  const group = ([name, rows]) => el('fieldset', {}, el('legend', {}, say('groups')[name]), ...rows.map(([fault, kind]) => row(fault, kind, { faults, phone, say, change })));
  root.replaceChildren(...Object.entries(GROUPS).map(group));
  if (kept) document.getElementById(kept)?.focus();
}

function row(name, kind, panel) {
  const id = `fault-${name}`;
  const input = kind === 'number' ? number(name, id, panel) : kind === 'code' ? code(name, id, panel) : toggle(name, id, panel);
  return el('div', { class: 'fault' }, el('label', { for: id }, panel.say('fault')[name]), input);
}

function toggle(name, id, { faults, phone, change }) {
  const hidden = faults.bsuid_only ?? [];
  const on = name === 'hide_phone' ? hidden.includes(phone) : Boolean(faults[name]);
  const flip = () => {
    if (name === 'hide_phone') change({ ...faults, bsuid_only: on ? hidden.filter((other) => other !== phone) : [...hidden, phone] });
    else if (name === 'erp_error') change({ ...faults, erp_error: on ? null : { http: 503, times: 1 } });
    else change({ ...faults, [name]: !on });
  };
  const input = el('input', { type: 'checkbox', role: 'switch', id, 'data-testid': id, disabled: name === 'hide_phone' && !phone, onchange: flip });
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
