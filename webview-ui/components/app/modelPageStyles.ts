import { css } from 'lit';

export const modelPageStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    width: 100%;
    height: 100%;
    min-height: 0;
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 0 8px;
    padding: 0 8px 0 6px;
    min-height: 32px;
    border-bottom: 1px solid var(--edge);
    flex-wrap: wrap;
  }
  h1 {
    margin: 0;
    font-size: 1.08em;
    font-weight: 600;
  }
  cw-tab-bar {
    min-width: 0;
  }
  [role='tablist'] {
    display: flex;
    flex-wrap: wrap;
    gap: 0 4px;
  }
  [role='tab'] {
    font: inherit;
    color: var(--vscode-foreground);
    background: none;
    border: 1px solid transparent;
    border-bottom: 2px solid transparent;
    padding: 4px 8px;
    white-space: nowrap;
    cursor: pointer;
  }
  [role='tab'][aria-selected='true'] {
    border-bottom-color: var(--vscode-panelTitle-activeBorder, var(--vscode-focusBorder));
    font-weight: 600;
  }
  [role='tab']:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  main {
    display: flex;
    flex: 1;
    min-height: 0;
  }
  .stage {
    flex: 1;
    min-width: 0;
    min-height: 0;
    position: relative;
    container-type: inline-size;
  }
  [role='tabpanel'] {
    position: absolute;
    inset: 0;
  }
  [hidden] {
    display: none !important;
  }
  cw-graph-tools {
    position: absolute;
    left: 10px;
    top: 10px;
  }
  [role='tabpanel']:has(> cw-graph-panel) {
    container-type: size;
  }
  cw-graph-panel {
    display: flex;
    width: 100%;
    height: 100%;
  }
  .picture {
    flex: 1;
    min-width: 0;
    min-height: 0;
    position: relative;
  }
  cw-legend {
    position: absolute;
    left: 10px;
    bottom: 10px;
  }
  /* An open legend has a strip of its own, beside the picture or below it, so that it covers nothing. */
  cw-legend[open] {
    position: static;
    flex: none;
    width: 270px;
    border-left: 1px solid var(--edge);
  }
  @container (max-width: 700px) {
    cw-graph-panel {
      flex-direction: column;
    }
    cw-legend[open] {
      width: auto;
      max-height: 36%;
      border-left: none;
      border-top: 1px solid var(--edge);
    }
  }
  .nothing {
    position: absolute;
    inset: 0;
    margin: auto;
    width: max-content;
    height: max-content;
    max-width: 90%;
    color: var(--vscode-descriptionForeground);
  }
  .measuring {
    position: absolute;
    inset: 0;
    margin: auto;
    height: max-content;
    background: var(--vscode-editorWidget-background);
    border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border, transparent));
  }
  @media (max-width: 620px) {
    main {
      flex-direction: column;
    }
    cw-side-panel {
      width: auto !important;
      height: 42%;
    }
    @media (max-height: 520px) {
      cw-side-panel {
        height: 34%;
      }
    }
    /* Legend and details together leave the larger part of a low page to the picture. */
    main:has(cw-legend[open]) > cw-side-panel {
      height: 26%;
    }
  }
`;
