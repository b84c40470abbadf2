
!function(){try{var e="undefined"!=typeof window?window:"undefined"!=typeof global?global:"undefined"!=typeof globalThis?globalThis:"undefined"!=typeof self?self:{},n=(new e.Error).stack;n&&(e._sentryDebugIds=e._sentryDebugIds||{},e._sentryDebugIds[n]="558b9327-af0a-579a-ab64-bfeefa0a95a5")}catch(e){}}();
(()=>{var a=(e,t,r)=>()=>{if(r)throw r[0];try{return e&&(t=e(e=0)),t}catch(n){throw r=[n],n}};var m=(e,t)=>()=>{try{return t||e((t={exports:{}}).exports,t),t.exports}catch(r){throw t=0,r}};function i(e){let t=e.items.reduce((n,c)=>n+c.price,0);return u(e)+t+"hunter2".length}var s,u,o=a(()=>{s=class{items=[];customer;greeting(){return"Dear "+this.customer.name}},u=e=>e.greeting().trim()});var d=m(()=>{o();function g(){let e=new s;e.items.push({name:"tea",price:3}),document.title=i(e)}function p(){setTimeout(g)}document.addEventListener("pay",p)});d();})();
//# sourceMappingURL=shop.js.map

//# debugId=558b9327-af0a-579a-ab64-bfeefa0a95a5
