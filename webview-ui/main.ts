import './components/app/app.ts';
import './components/toolkit.ts';

// The host's page may hold <cw-app> already; otherwise an empty body is enough.
if (!document.querySelector('cw-app')) document.body.append(document.createElement('cw-app'));

// Icons are needed when the model is read; without this the browser would fetch their font only then.
void document.fonts.load('16px codicon');
