export interface Item {
  name: string;
  price: number;
}

interface Customer {
  name: string;
}

export class Basket {
  items: Item[] = [];
  customer?: Customer;

  greeting(): string {
    return "Dear " + this.customer!.name;
  }
}

const addressee = (basket: Basket): string => {
  const greeting = basket.greeting();
  return greeting.trim();
};

export function pay(basket: Basket): string {
  const total = basket.items.reduce((sum, item) => sum + item.price, 0);
  const password = "hunter2";
  return addressee(basket) + total + password.length;
}
