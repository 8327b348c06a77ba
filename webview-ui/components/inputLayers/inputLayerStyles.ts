import { css } from 'lit';

export const inputLayerStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    box-sizing: border-box;
    height: 100%;
    overflow: auto;
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 6px 20px;
    padding: 12px 16px 4px;
  }
  header h2 {
    margin: 0;
    font-size: 1.08em;
  }
  .name {
    font-family: var(--code-font);
    font-weight: normal;
    overflow-wrap: anywhere;
  }
  .columns {
    flex: 1 0 auto;
    display: grid;
    grid-template-columns: minmax(0, 1fr) 270px;
  }
  .columns .facts {
    grid-column: 2;
    grid-row: 1;
    border-left: 1px solid var(--edge);
  }
  .columns .pictures {
    grid-column: 1;
    grid-row: 1;
    border: none;
    padding-top: 4px;
  }
  .facts section:last-child {
    border-bottom: none;
  }
  .facts h3:first-child {
    margin-top: 0;
    color: var(--vscode-foreground);
  }
  .large {
    font-size: 1.15em;
    font-weight: 600;
  }
  .large .sub {
    font-size: 0.82em;
    font-weight: normal;
  }
  .words {
    font-family: var(--text-font);
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 16px;
  }
  .switch {
    font: inherit;
    padding: 2px 9px;
    color: var(--vscode-button-secondaryForeground, var(--vscode-foreground));
    background: var(--vscode-button-secondaryBackground, transparent);
    border: 1px solid var(--vscode-contrastBorder, transparent);
    cursor: pointer;
  }
  .switch[aria-pressed='true'] {
    color: var(--vscode-button-foreground);
    background: var(--vscode-button-background, transparent);
    border-color: var(--vscode-contrastActiveBorder, transparent);
    font-weight: 600;
  }
  .switch:focus-visible,
  select:focus-visible,
  summary:focus-visible,
  .scroll:focus-visible,
  input:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  .switch:disabled {
    opacity: 0.5;
    cursor: default;
  }
  .wipe {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .wipe input {
    width: 160px;
    accent-color: var(--vscode-focusBorder);
  }
  select {
    font: inherit;
    max-width: 360px;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--edge));
  }
  .status {
    margin: 8px 0 0;
    color: var(--vscode-foreground);
    font-variant-numeric: tabular-nums;
  }
  .why {
    margin: 8px 0;
  }
  .pair {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 24px;
  }
  .panel {
    flex: 1 1 260px;
    min-width: 0;
  }
  .pager {
    display: flex;
    align-items: center;
    gap: 10px;
    margin-top: 8px;
  }
  details {
    margin-top: 14px;
  }
  summary {
    cursor: pointer;
    color: var(--vscode-foreground);
  }
  .scroll {
    max-height: 320px;
    overflow: auto;
    margin-top: 6px;
  }
  table {
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 2px 12px 2px 0;
    text-align: right;
    font-weight: normal;
    white-space: nowrap;
  }
  thead th {
    position: sticky;
    top: 0;
    background: var(--vscode-editor-background);
    color: var(--vscode-descriptionForeground);
  }
  @media (max-width: 900px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
    .columns .facts {
      grid-column: 1;
      grid-row: 2;
      border-left: none;
    }
  }
`;
