import { Basket, pay } from "./cart";

function checkout(): void {
  const basket = new Basket();
  basket.items.push({ name: "tea", price: 3 });
  document.title = pay(basket);
}

function later(): void {
  setTimeout(checkout);
}

document.addEventListener("pay", later);
